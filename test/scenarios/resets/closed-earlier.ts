import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** Near miss: a bare R from the server, which many a guide calls forged. */
export const closedEarlier: Scenario = {
  name: 'closed-earlier',
  title: 'the server has closed; the client sends once more and draws a bare RST',
  network: path(),
  family: 4,
  port: 6002,
  tap: 'any',
  async play(stage) {
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
    await stage.wait(300);
    client.tell('late');
    await client.waitFor('closed');
    const resets = await stage.kernelCounter(stage.server, 'TcpOutRsts');
    certain(resets === 1, `the server’s stack must have sent one RST, not ${resets}`);
    return { serverDid: 'close', clientDid: 'send 300 ms later', serverStackSentRsts: resets };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['closed-earlier'], min: 'strong' }],
  also: [],
};
