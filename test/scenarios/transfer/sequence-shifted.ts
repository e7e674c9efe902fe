import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const sequenceShifted: Scenario = {
  name: 'sequence-shifted',
  title: 'the box shifts the client’s sequence numbers by a constant: strange, and harmless',
  network: boxed,
  family: 4,
  port: 7116,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'shift',
      match: { protocol: 'tcp' },
      action: { do: 'shift-sequence', delta: 987_654_321 },
    });
    await download(stage);
    const { shift = 0 } = await box.stop();
    return { shifted: shift };
  },
  expected: [],
  also: [],
};
