import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const reordering: Scenario = {
  name: 'reordering',
  title: 'the box holds every twentieth packet or so back by 3 ms',
  network: boxed,
  family: 4,
  port: 7104,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'hold',
      match: { toward: 'toward-client', payload: 1_000, probability: 0.08 },
      action: { do: 'delay', ms: 3 },
    });
    await download(stage);
    const { hold = 0 } = await box.stop();
    certain(hold > 0, 'the box must have held something back');
    return { held: hold };
  },
  expected: [{ code: 'reordering', direction: 'toward-client', min: 'likely' }],
  also: [],
};
