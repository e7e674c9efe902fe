import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { upload } from './transfer.js';

export const dataLossTowardServer: Scenario = {
  name: 'data-loss-toward-server',
  title: 'the box loses 4 % of the upload’s segments',
  network: boxed,
  family: 6,
  port: 7102,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'lose',
      match: { toward: 'toward-server', payload: 1, probability: 0.04 },
      action: { do: 'drop' },
    });
    await upload(stage);
    const { lose = 0 } = await box.stop();
    certain(lose > 0, 'the box must have lost something');
    return { dropped: lose };
  },
  expected: [{ code: 'data-loss', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['slow-path'],
};
