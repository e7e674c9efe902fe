import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const rstLost: Scenario = {
  name: 'rst-lost',
  title: 'the client’s RST dies on the path; the server goes on sending into the dead connection',
  network: path(),
  family: 4,
  port: 6006,
  tap: 'any',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'abort' },
        { do: 'reset' },
      ],
      [
        { do: 'receive', bytes: 100 },
        { do: 'send', bytes: 300 },
        { do: 'await', word: 'push' },
        { do: 'send', bytes: 300 },
        { do: 'drain' },
      ],
    );
    await client.waitFor('received');
    const fault = await stage.fault(m2, 'forward', 'tcp flags & rst == rst', 'drop');
    client.tell('abort');
    await fault.hits(1);
    server.tell('push');
    return { dropped: await fault.hits(3), clientDid: 'close with linger 0' };
  },
  expected: [{ code: 'rst-lost', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['rst-genuine'],
};
