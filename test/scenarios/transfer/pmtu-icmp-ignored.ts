import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const pmtuIcmpIgnored: Scenario = {
  name: 'pmtu-icmp-ignored',
  title: 'a link of 1400 bytes; the server’s own firewall eats the ICMP that says so',
  network: path({ links: { 'm2-m3': { mtu: 1_400 } } }),
  family: 6,
  port: 7109,
  tap: 'link',
  async play(stage) {
    // The last segment of the answer is small enough to pass: loss goes by size, and by nothing else.
    const fault = await stage.fault(stage.server, 'input', 'icmpv6 type packet-too-big', 'drop');
    await stage.pair(
      [{ do: 'send', bytes: 150 }, { do: 'receive', bytes: 300 }, { do: 'drain' }],
      [
        { do: 'receive', bytes: 150 },
        { do: 'send', bytes: 300 },
        { do: 'wait', ms: 100 },
        { do: 'send', bytes: 10_800 },
        { do: 'drain' },
      ],
    );
    const dropped = await fault.hits(4);
    await stage.control();
    return { icmpDropped: dropped, mtu: 1_400 };
  },
  expected: [
    {
      code: 'pmtu-black-hole',
      direction: 'toward-client',
      causes: ['icmp-ignored'],
      min: 'likely',
      attributes: { mtuMin: { atMost: 1_400 }, mtuMax: { atLeast: 1_400, atMost: 1_499 } },
    },
  ],
  also: ['data-loss', 'icmp-error'],
};
