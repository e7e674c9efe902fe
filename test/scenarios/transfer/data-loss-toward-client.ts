import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const dataLossTowardClient: Scenario = {
  name: 'data-loss-toward-client',
  title: 'the box loses 4 % of the answer’s segments',
  network: boxed,
  family: 4,
  port: 7101,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'lose',
      match: { toward: 'toward-client', payload: 1, probability: 0.04 },
      action: { do: 'drop' },
    });
    await download(stage);
    const { lose = 0 } = await box.stop();
    certain(lose > 0, 'the box must have lost something');
    return { dropped: lose };
  },
  expected: [{ code: 'data-loss', direction: 'toward-client', min: 'likely', max: 'strong' }],
  also: ['slow-path'],
};
