import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const synLost: Scenario = {
  name: 'syn-lost',
  title: 'm2 drops every SYN',
  network: path(),
  family: 6,
  port: 7000,
  tap: 'any',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    await stage.control();
    await stage.listen([]);
    const fault = await stage.fault(m2, 'forward', 'tcp flags & (syn | ack) == syn', 'drop');
    stage.connect([]);
    const dropped = await fault.hits(3);
    await fault.lift();
    await stage.control();
    return { dropped };
  },
  expected: [{ code: 'syn-lost', min: 'likely', max: 'strong' }],
  also: [],
};
