import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const ackLoss: Scenario = {
  name: 'ack-loss',
  title: 'the box loses 30 % of the client’s pure ACKs',
  network: boxed,
  family: 4,
  port: 7103,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'lose',
      match: {
        toward: 'toward-server',
        protocol: 'tcp',
        flags: '.',
        without: 'SFPR',
        nth: { from: 3 },
        probability: 0.3,
      },
      action: { do: 'drop' },
    });
    await download(stage);
    const { lose = 0 } = await box.stop();
    certain(lose > 0, 'the box must have lost something');
    return { dropped: lose };
  },
  expected: [{ code: 'ack-loss', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: [],
};
