import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** The tuples of the two ends differ, and the RST that one of them gets is forged all the same. */
export const rejectBehindNat: Scenario = {
  name: 'reject-behind-nat',
  title: 'm1 hides the client; m3 rejects the server’s second answer with a RST in the name of m1’s address',
  network: path(),
  family: 4,
  port: 6013,
  tap: 'any',
  async play(stage) {
    const m1 = stage.lab.host('m1');
    const m3 = stage.lab.host('m3');
    await m1.nft(`table ip nat {
      chain postrouting {
        type nat hook postrouting priority srcnat;
        oifname "${m1.interface('m2')}" masquerade random
      }
    }`);
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 100 },
        { do: 'receive', bytes: 700 },
        { do: 'send', bytes: 100 },
        { do: 'drain' },
      ],
      [
        { do: 'receive', bytes: 100 },
        { do: 'send', bytes: 700 },
        { do: 'receive', bytes: 100 },
        { do: 'await', word: 'answer' },
        { do: 'send', bytes: 700 },
        { do: 'drain' },
      ],
    );
    await server.waitFor('received', { count: 2 });
    const fault = await stage.fault(m3, 'forward', `tcp sport ${stage.port}`, 'reject with tcp reset');
    server.tell('answer');
    await server.waitFor('reset');
    const rejected = await fault.hits(1);
    certain(!client.said('reset'), 'the client must know nothing of the RST');
    return { rejected, serverSaid: 'reset', translated: true };
  },
  expected: [
    { code: 'rst-forged', direction: 'toward-server', min: 'likely', max: 'strong' },
    { code: 'nat', min: 'strong' },
  ],
  also: ['data-loss', 'rst-genuine'],
};
