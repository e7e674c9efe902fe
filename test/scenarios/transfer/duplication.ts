import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';
import { download } from './transfer.js';

export const duplication: Scenario = {
  name: 'duplication',
  title: 'the box delivers some packets twice',
  network: boxed,
  family: 6,
  port: 7105,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'copy',
      match: { toward: 'toward-client', payload: 1_000, probability: 0.08 },
      action: { do: 'duplicate', ms: 2 },
    });
    await download(stage);
    const { copy = 0 } = await box.stop();
    certain(copy > 0, 'the box must have copied something');
    return { copied: copy };
  },
  expected: [{ code: 'duplication', direction: 'toward-client', min: 'likely' }],
  also: [],
};
