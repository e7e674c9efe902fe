import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** The RST leaves the host that the server's tap runs on, and yet no server sent it. */
export const rejectAtTap: Scenario = {
  name: 'reject-at-tap',
  title: 'the server’s side is captured on the router m3, which itself rejects the client’s second request',
  network: path(),
  family: 4,
  port: 6026,
  tap: 'any',
  serverTap: 'm3',
  async play(stage) {
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 700 },
        { do: 'await', word: 'ask' },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 100 }, { do: 'send', bytes: 700 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    const match = `tcp dport ${stage.port}`;
    const fault = await stage.fault(stage.lab.host('m3'), 'forward', match, 'reject with tcp reset');
    client.tell('ask');
    await client.waitFor('reset');
    const rejected = await fault.hits(1);
    certain(!server.said('reset'), 'the server must know nothing of the RST');
    return { rejected, clientSaid: 'reset' };
  },
  expected: [
    { code: 'rst-forged', direction: 'toward-client', sender: 'path', min: 'likely', max: 'strong' },
  ],
  also: [],
};
