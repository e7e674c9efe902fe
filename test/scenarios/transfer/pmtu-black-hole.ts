import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const pmtuBlackHole: Scenario = {
  name: 'pmtu-black-hole',
  title: 'a link of 1400 bytes whose router may not say so',
  network: path({ links: { 'm2-m3': { mtu: 1_400 } } }),
  family: 4,
  port: 7108,
  tap: 'any',
  async play(stage) {
    // The last segment of the answer is small enough to pass: loss goes by size, and by nothing else.
    const m3 = stage.lab.host('m3');
    const fault = await stage.fault(m3, 'output', 'icmp type destination-unreachable', 'drop');
    await stage.pair(
      [{ do: 'send', bytes: 150 }, { do: 'receive', bytes: 300 }, { do: 'drain' }],
      [
        { do: 'receive', bytes: 150 },
        { do: 'send', bytes: 300 },
        { do: 'wait', ms: 100 },
        { do: 'send', bytes: 10_000 },
        { do: 'drain' },
      ],
    );
    const dropped = await fault.hits(4);
    // What is small passes: the path is open, and both taps are.
    await stage.control();
    return { icmpDropped: dropped, mtu: 1_400 };
  },
  expected: [
    {
      code: 'pmtu-black-hole',
      direction: 'toward-client',
      causes: ['icmp-filtered', null],
      min: 'likely',
      max: 'strong',
      attributes: { mtuMin: { atMost: 1_400 }, mtuMax: { atLeast: 1_400, atMost: 1_499 } },
    },
  ],
  also: ['data-loss'],
};
