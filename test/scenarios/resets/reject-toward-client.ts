import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** The mirror image, over IPv6, and the server lives on: it sends once more afterwards. */
export const rejectTowardClient: Scenario = {
  name: 'reject-toward-client',
  title: 'm1 rejects the client’s second request with a RST in the server’s name',
  network: path(),
  family: 6,
  port: 8443,
  tap: 'link',
  async play(stage) {
    const m1 = stage.lab.host('m1');
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 300 },
        { do: 'receive', bytes: 900 },
        { do: 'await', word: 'again' },
        { do: 'send', bytes: 300 },
        { do: 'drain' },
      ],
      [
        { do: 'receive', bytes: 300 },
        { do: 'send', bytes: 900 },
        { do: 'await', word: 'push' },
        { do: 'send', bytes: 200 },
        { do: 'drain' },
      ],
    );
    await client.waitFor('received');
    const fault = await stage.fault(
      m1,
      'forward',
      `tcp dport ${stage.port} tcp flags & (psh | rst) == psh`,
      'reject with tcp reset',
    );
    client.tell('again');
    await client.waitFor('reset');
    const rejected = await fault.hits(1);
    server.tell('push');
    // The dead client's host answers with a genuine RST: the consequence.
    await server.waitFor('reset');
    return { rejected, clientSaid: 'reset', serverSaid: 'reset after it sent again' };
  },
  expected: [{ code: 'rst-forged', direction: 'toward-client', min: 'likely', max: 'strong' }],
  also: ['rst-genuine', 'data-loss'],
};
