import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: the server's OUTPUT chain rejects its own answer. The RST goes to `lo`; the wire is silent. */
export const outputReject: Scenario = {
  name: 'output-reject',
  title: 'the server’s own OUTPUT chain resets its own socket; nothing of it is on the wire',
  network: path(),
  family: 4,
  port: 8082,
  tap: 'link',
  async play(stage) {
    const { server } = stage;
    const pair = await stage.pair(
      [{ do: 'send', bytes: 100 }, { do: 'drain' }],
      [
        { do: 'receive', bytes: 100 },
        { do: 'await', word: 'answer' },
        { do: 'send', bytes: 500 },
        { do: 'drain' },
      ],
    );
    await pair.server.waitFor('received');
    const fault = await stage.fault(server, 'output', `tcp sport ${stage.port}`, 'reject with tcp reset');
    pair.server.tell('answer');
    await pair.server.waitFor('reset');
    return { rejected: await fault.hits(1), serverSaid: 'reset' };
  },
  expected: [],
  // Where `any` was captured, the RST on the loopback is seen and rightly put down to the server's own firewall.
  also: ['slow-server', 'rst-genuine'],
};
