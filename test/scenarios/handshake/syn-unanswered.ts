import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const synUnanswered: Scenario = {
  name: 'syn-unanswered',
  title: 'the server’s INPUT chain drops the SYNs that its tap sees',
  network: path(),
  family: 4,
  port: 7001,
  tap: 'link',
  async play(stage) {
    await stage.listen([]);
    const fault = await stage.fault(stage.server, 'input', `tcp dport ${stage.port}`, 'drop');
    stage.connect([]);
    return { dropped: await fault.hits(3) };
  },
  expected: [{ code: 'syn-unanswered', min: 'likely', max: 'strong' }],
  also: [],
};
