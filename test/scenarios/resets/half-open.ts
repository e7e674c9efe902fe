import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** The server loses its state without a word, as a host does that crashes and comes back. */
export const halfOpen: Scenario = {
  name: 'half-open',
  title: 'the server’s socket vanishes silently; the client’s next request draws a RST',
  network: path(),
  family: 4,
  port: 6003,
  tap: 'link',
  async play(stage) {
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 300 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    const crash = await stage.fault(stage.server, 'output', `tcp sport ${stage.port}`, 'drop');
    server.signal('SIGKILL');
    await server.exited;
    // A killed socket's FIN is retransmitted: only a destroyed one is silent, as after a crash.
    await stage.server.check(['ss', '-K', `sport = :${stage.port}`]);
    await crash.lift();
    client.tell('again');
    await client.waitFor('reset');
    return { serverDid: 'SIGKILL, its FIN and RST dropped before its tap', clientSaid: 'reset' };
  },
  expected: [
    {
      code: 'rst-genuine',
      sender: 'server',
      causes: ['half-open', 'closed-earlier', 'unknown'],
      min: 'likely',
    },
  ],
  also: ['loss-in-sender'],
};
