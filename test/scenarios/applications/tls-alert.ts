import { tlsAlert } from '../../truth/messages.js';
import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { tlsPair } from './tls.js';

/** RFC 8446, 6.2. */
const HANDSHAKE_FAILURE = 40;

export const tlsAlertScenario: Scenario = {
  name: 'tls-alert',
  title: 'the server ends the handshake with a fatal alert',
  network: path(),
  family: 6,
  port: 443,
  tap: 'any',
  async play(stage) {
    const { client } = await tlsPair(stage, 'shop.example', tlsAlert(HANDSHAKE_FAILURE));
    await client.waitFor('closed');
    return { serverDid: 'alert handshake_failure, then close' };
  },
  expected: [{ code: 'tls-alert', sender: 'server', min: 'likely' }],
  also: [],
};
