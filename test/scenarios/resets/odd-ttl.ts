import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** Near miss: the server's data carry another TTL than its stack's RSTs, as with IP_TTL on a socket. */
export const oddTtl: Scenario = {
  name: 'odd-ttl',
  title: 'the server sends data with TTL 255 and its stack’s RST with 64: different, and genuine',
  network: path(),
  family: 4,
  port: 6012,
  tap: 'link',
  async play(stage) {
    await stage.fault(stage.server, 'output', 'tcp flags & rst == 0', 'ip ttl set 255');
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 300 },
        { do: 'await', word: 'late' },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 300 }, { do: 'close' }],
    );
    await client.waitFor('received');
    await stage.wait(200);
    client.tell('late');
    await client.waitFor('closed');
    const resets = await stage.kernelCounter(stage.server, 'TcpOutRsts');
    certain(resets === 1, `the server’s stack must have sent one RST, not ${resets}`);
    return { serverStackSentRsts: resets, dataTtl: 255, resetTtl: 64 };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['closed-earlier'], min: 'strong' }],
  also: [],
};
