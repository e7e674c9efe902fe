import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const processKilled: Scenario = {
  name: 'process-killed',
  title: 'the server’s process is killed with data unread on two connections',
  network: path(),
  family: 4,
  port: 6009,
  tap: 'link',
  async play(stage) {
    const server = await stage.listen([{ do: 'await', word: 'never' }], { serverReads: false });
    const clients = [0, 1].map(() => stage.connect([{ do: 'send', bytes: 3_000 }, { do: 'drain' }]));
    await Promise.all(clients.map((client) => client.waitFor('sent')));
    await stage.wait(150);
    server.signal('SIGKILL');
    await Promise.all(clients.map((client) => client.waitFor('reset')));
    return { serverDid: 'SIGKILL', clientsSaid: 'reset' };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['abort', 'process-died'], min: 'strong' }],
  also: [],
};
