import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const synAckLost: Scenario = {
  name: 'syn-ack-lost',
  title: 'm2 drops every SYN-ACK',
  network: path(),
  family: 6,
  port: 7004,
  tap: 'link',
  async play(stage) {
    await stage.listen([]);
    const fault = await stage.fault(
      stage.lab.host('m2'),
      'forward',
      'tcp flags & (syn | ack) == (syn | ack)',
      'drop',
    );
    stage.connect([]);
    return { dropped: await fault.hits(4) };
  },
  expected: [{ code: 'syn-ack-lost', min: 'likely', max: 'strong' }],
  also: [],
};
