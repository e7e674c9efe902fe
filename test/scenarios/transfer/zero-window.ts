import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const zeroWindow: Scenario = {
  name: 'zero-window',
  title: 'the client stops reading for two seconds',
  network: path({ hosts: { client: { sysctls: { 'net.ipv4.tcp_rmem': '4096 16384 16384' } } } }),
  family: 4,
  port: 7117,
  tap: 'any',
  async play(stage) {
    const { client } = await stage.pair(
      [
        { do: 'stall' },
        { do: 'send', bytes: 150 },
        { do: 'wait', ms: 2_000 },
        { do: 'resume' },
        { do: 'receive', bytes: 60_000 },
      ],
      [{ do: 'receive', bytes: 150 }, { do: 'send', bytes: 60_000 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    return { stalledMs: 2_000 };
  },
  expected: [
    {
      code: 'zero-window',
      sender: 'client',
      min: 'strong',
      attributes: { durationMs: { atLeast: 1_000, atMost: 3_000 } },
    },
  ],
  also: ['data-loss'],
};
