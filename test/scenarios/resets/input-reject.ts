import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: the server's own firewall answers in the stack's place. From outside it is the host that refuses. */
export const inputReject: Scenario = {
  name: 'input-reject',
  title: 'the server’s own firewall rejects the SYN with a RST',
  network: path(),
  family: 4,
  port: 8081,
  tap: 'link',
  async play(stage) {
    const { server } = stage;
    await stage.listen([]);
    const fault = await stage.fault(server, 'input', `tcp dport ${stage.port}`, 'reject with tcp reset');
    const error = await stage.connect([]).waitFor('error');
    return { rejected: await fault.hits(1), clientSaid: error.detail };
  },
  expected: [
    {
      code: 'rst-genuine',
      sender: 'server',
      causes: ['no-listener', 'local-firewall'],
      min: 'likely',
      max: 'strong',
    },
  ],
  also: [],
};
