import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** Near miss: the RST comes past the tap from the server's side, and yet no server sent it. */
export const rejectBeforeTap: Scenario = {
  name: 'reject-before-tap',
  title:
    'the server’s side is captured on m2; m3, between that tap and the server, rejects the client’s second request',
  network: path(),
  family: 4,
  port: 6028,
  tap: 'any',
  serverTap: 'm2',
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
    {
      code: 'rst-genuine',
      direction: 'toward-client',
      causes: ['unknown'],
      min: 'possible',
      max: 'possible',
    },
  ],
  // A tap that misses the RST takes it for forged, which it is.
  also: ['rst-forged'],
};
