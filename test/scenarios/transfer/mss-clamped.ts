import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const mssClamped: Scenario = {
  name: 'mss-clamped',
  title: 'm2 clamps the MSS to 1200',
  network: path(),
  family: 6,
  port: 7111,
  tap: 'any',
  async play(stage) {
    const fault = await stage.fault(
      stage.lab.host('m2'),
      'forward',
      'tcp flags & syn == syn',
      'tcp option maxseg size set 1200',
    );
    await download(stage, 20_000);
    return { clamped: await fault.hits(2) };
  },
  expected: [
    { code: 'mss-clamped', min: 'strong', attributes: { after: { atLeast: 1_200, atMost: 1_200 } } },
  ],
  also: [],
};
