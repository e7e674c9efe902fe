import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const icmpProhibited: Scenario = {
  name: 'icmp-prohibited',
  title: 'm2 rejects the connection by ICMP: administratively prohibited',
  network: path(),
  family: 4,
  port: 7303,
  tap: 'link',
  async play(stage) {
    await stage.control();
    const m2 = stage.lab.host('m2');
    await stage.listen([]);
    const fault = await stage.fault(
      m2,
      'forward',
      `tcp dport ${stage.port}`,
      'reject with icmp type admin-prohibited',
    );
    const error = await stage.connect([]).waitFor('error');
    return { rejected: await fault.hits(1), clientSaid: error.detail };
  },
  expected: [{ code: 'icmp-error', min: 'likely' }],
  also: ['syn-lost'],
};
