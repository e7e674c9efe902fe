import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: no TTL of the connection is like the other, so that of its RST tells nothing. */
export const waysOfDifferentLength: Scenario = {
  name: 'ways-of-different-length',
  title: 'packets go over two ways of different length in turn, and the server aborts',
  network: path(),
  family: 4,
  port: 7201,
  tap: 'any',
  async play(stage) {
    await stage.lab.host('m2').nft(`table inet ways {
      counter longer { }
      chain here {
        type filter hook postrouting priority 0;
        meta l4proto tcp meta nfproto ipv4 numgen inc mod 2 == 0 counter name longer ip ttl set 59
        meta l4proto tcp meta nfproto ipv6 numgen inc mod 2 == 0 counter name longer ip6 hoplimit set 59
      }
    }`);
    const { client } = await stage.pair(
      [{ do: 'send', bytes: 200 }, { do: 'receive', bytes: 9_000 }, { do: 'drain' }],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 9_000 }, { do: 'wait', ms: 100 }, { do: 'reset' }],
    );
    await client.waitFor('reset');
    return { wentTheLongerWay: await stage.counted(stage.lab.host('m2'), 'longer', 4), serverDid: 'abort' };
  },
  expected: [{ code: 'rst-genuine', sender: 'server', causes: ['abort'], min: 'strong' }],
  also: [],
};
