import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { download } from './transfer.js';

export const optionsStripped: Scenario = {
  name: 'options-stripped',
  title: 'm2 removes the SACK-permitted option',
  network: path(),
  family: 4,
  port: 7112,
  tap: 'link',
  async play(stage) {
    const fault = await stage.fault(
      stage.lab.host('m2'),
      'forward',
      'tcp flags & syn == syn',
      'reset tcp option sack-perm',
    );
    await download(stage, 20_000);
    return { stripped: await fault.hits(2) };
  },
  expected: [{ code: 'options-stripped', min: 'strong' }],
  also: [],
};
