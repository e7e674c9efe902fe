import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** A stateful nft firewall: its conntrack entry goes after 2 s, and what is not of a known connection is rejected. */
export const idleReject: Scenario = {
  name: 'idle-reject',
  title: 'a stateful firewall on m2 forgets an idle connection and rejects the client’s next request',
  network: path(),
  family: 4,
  port: 6011,
  tap: 'link',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    await m2.sysctl('net.netfilter.nf_conntrack_tcp_timeout_established', 2);
    await m2.sysctl('net.netfilter.nf_conntrack_tcp_loose', 0);
    await m2.nft(`table inet fault {
      counter hits { }
      chain forward {
        type filter hook forward priority 0;
        ct state established,related accept
        tcp flags & (syn | ack) == syn accept
        meta l4proto tcp counter name hits reject with tcp reset
      }
    }`);
    const ask = [{ do: 'send', bytes: 150 } as const, { do: 'receive', bytes: 300 } as const];
    const answer = [{ do: 'receive', bytes: 150 } as const, { do: 'send', bytes: 300 } as const];
    const { client } = await stage.pair(
      [...ask, { do: 'wait', ms: 700 }, ...ask, { do: 'wait', ms: 3_600 }, ...ask],
      [...answer, ...answer, ...answer, { do: 'drain' }],
    );
    await client.waitFor('reset');
    return {
      rejected: await stage.counted(m2, 'hits', 1),
      timeoutMs: 2_000,
      survivedMs: 700,
      fatalMs: 3_600,
    };
  },
  expected: [
    { code: 'rst-forged', direction: 'toward-client', min: 'likely', max: 'strong' },
    {
      code: 'idle-timeout',
      min: 'likely',
      attributes: { survivedMs: { atLeast: 600, atMost: 2_000 }, fatalMs: { atLeast: 2_000, atMost: 4_000 } },
    },
  ],
  also: ['data-loss'],
};
