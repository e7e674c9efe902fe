import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const idleTimeout: Scenario = {
  name: 'idle-timeout',
  title: 'a stateful device forgets a connection after 1.5 s of silence and drops what comes then',
  network: boxed,
  family: 4,
  port: 7119,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'state',
      match: { protocol: 'tcp' },
      action: { do: 'forget', idleMs: 1_500, meets: 'drop', ttl: 64 },
    });
    const ask = [{ do: 'send', bytes: 150 } as const, { do: 'receive', bytes: 300 } as const];
    const answer = [{ do: 'receive', bytes: 150 } as const, { do: 'send', bytes: 300 } as const];
    const { client } = await stage.pair(
      [...ask, { do: 'wait', ms: 900 }, ...ask, { do: 'wait', ms: 2_400 }, ...ask],
      [...answer, ...answer, ...answer, { do: 'drain' }],
    );
    await client.waitFor('received', { count: 2 });
    await stage.wait(2_400 + 2_500);
    // Another connection passes at once: the path itself is well.
    await stage.control();
    const { state = 0 } = await box.stop();
    certain(state >= 3, 'the device must have dropped the last request again and again');
    return { dropped: state, idleMs: 1_500 };
  },
  expected: [
    {
      code: 'idle-timeout',
      min: 'likely',
      max: 'strong',
      attributes: { survivedMs: { atLeast: 800, atMost: 1_500 }, fatalMs: { atLeast: 1_500, atMost: 2_700 } },
    },
  ],
  also: ['data-loss'],
};
