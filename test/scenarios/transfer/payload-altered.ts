import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const payloadAltered: Scenario = {
  name: 'payload-altered',
  title: 'the box changes a byte of some segments and makes their checksums right again',
  network: boxed,
  family: 4,
  port: 7106,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'alter',
      match: { toward: 'toward-client', payload: 1_000, probability: 0.06 },
      action: { do: 'corrupt', at: 20, repair: true },
    });
    await download(stage, 60_000);
    const { alter = 0 } = await box.stop();
    certain(alter > 0, 'the box must have altered something');
    return { altered: alter };
  },
  expected: [{ code: 'payload-altered', direction: 'toward-client', min: 'strong' }],
  also: [],
};
