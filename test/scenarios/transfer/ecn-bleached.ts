import { boxedWith } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const ecnBleached: Scenario = {
  name: 'ecn-bleached',
  title: 'the box clears the ECN field of an ECN connection',
  network: boxedWith({ 'net.ipv4.tcp_ecn': 1 }),
  family: 4,
  port: 7114,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'bleach',
      match: { toward: 'toward-client', payload: 1 },
      action: { do: 'clear-ecn' },
    });
    await download(stage, 20_000);
    const { bleach = 0 } = await box.stop();
    certain(bleach > 0, 'the box must have cleared something');
    return { bleached: bleach };
  },
  expected: [{ code: 'ecn-bleached', direction: 'toward-client', min: 'strong' }],
  also: [],
};
