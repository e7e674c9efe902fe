import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const socketDestroyed: Scenario = {
  name: 'socket-destroyed',
  title: 'an administrator destroys the server’s socket with ss -K',
  network: path(),
  family: 6,
  port: 6010,
  tap: 'any',
  async play(stage) {
    const { client } = await stage.pair(
      [{ do: 'send', bytes: 100 }, { do: 'receive', bytes: 300 }, { do: 'drain' }],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    await stage.wait(200);
    await stage.server.check(['ss', '-K', 'state', 'established', `sport = :${stage.port}`]);
    await client.waitFor('reset');
    return { serverDid: 'ss -K', clientSaid: 'reset' };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['abort', 'process-died'], min: 'strong' }],
  also: [],
};
