import { tlsAlert } from '../../truth/messages.js';
import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { BLOCKED_NAME, tlsPair } from './tls.js';

/** As filters do that hide: no RST, and none of the copies of the ClientHello arrives. */
export const tlsHelloDropped: Scenario = {
  name: 'tls-hello-dropped',
  title: 'a device swallows every packet with a forbidden server name in a ClientHello',
  network: boxed,
  family: 4,
  port: 443,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'censor',
      match: { toward: 'toward-server', clientHello: BLOCKED_NAME },
      action: { do: 'drop' },
    });
    await tlsPair(stage, BLOCKED_NAME, tlsAlert(40));
    await stage.wait(OUTAGE_MS);
    await stage.control();
    const { censor = 0 } = await box.stop();
    return { swallowed: censor };
  },
  expected: [
    { code: 'data-loss', direction: 'toward-server', min: 'likely', attributes: { lost: { atLeast: 3 } } },
  ],
  also: [],
};

/** Some retransmissions, by doubling timeouts from 200 ms on. */
const OUTAGE_MS = 2_300;
