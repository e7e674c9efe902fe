import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** nft’s synproxy answers in the server’s place and opens the real connection afterwards. */
export const synProxy: Scenario = {
  name: 'syn-proxy',
  title: 'a SYN proxy on m2 answers the client before the server has heard of it',
  network: path(),
  family: 4,
  port: 7006,
  tap: 'link',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    await m2.sysctl('net.netfilter.nf_conntrack_tcp_loose', 0);
    await m2.nft(`table inet proxy {
      counter answered { }
      chain raw {
        type filter hook prerouting priority raw;
        tcp dport ${stage.port} tcp flags syn notrack
      }
      chain forward {
        type filter hook forward priority 0;
        tcp dport ${stage.port} ct state invalid,untracked counter name answered synproxy mss 1460 wscale 7 timestamp sack-perm
        ct state invalid drop
      }
    }`);
    const { client } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 2_000 },
      ],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 2_000 }, { do: 'drain' }],
    );
    await client.waitFor('closed');
    return { synproxied: await stage.counted(m2, 'answered', 2), exchanges: 1 };
  },
  expected: [{ code: 'syn-ack-forged', min: 'strong' }],
  also: ['syn-forged', 'options-stripped', 'mss-clamped'],
};
