import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const dscpChanged: Scenario = {
  name: 'dscp-changed',
  title: 'm2 marks what goes to the client with DSCP CS1',
  network: path(),
  family: 4,
  port: 7113,
  tap: 'any',
  async play(stage) {
    const fault = await stage.fault(
      stage.lab.host('m2'),
      'forward',
      `tcp sport ${stage.port}`,
      'ip dscp set cs1',
    );
    await download(stage, 20_000);
    return { marked: await fault.hits(3) };
  },
  expected: [{ code: 'dscp-changed', direction: 'toward-client', min: 'strong' }],
  also: [],
};
