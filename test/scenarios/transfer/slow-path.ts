import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const slowPath: Scenario = {
  name: 'slow-path',
  title: 'the box holds everything for 400 ms',
  network: boxed,
  family: 4,
  port: 7120,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'hold',
      match: { protocol: 'tcp' },
      action: { do: 'delay', ms: 200 },
    });
    const ask = [{ do: 'send', bytes: 150 } as const, { do: 'receive', bytes: 300 } as const];
    const answer = [{ do: 'receive', bytes: 150 } as const, { do: 'send', bytes: 300 } as const];
    const { client } = await stage.pair(
      [...ask, ...ask, ...ask],
      [...answer, ...answer, ...answer, { do: 'drain' }],
    );
    await client.waitFor('received', { count: 3 });
    const { hold = 0 } = await box.stop();
    return { delayed: hold, oneWayMs: 200 };
  },
  expected: [{ code: 'slow-path', min: 'possible', attributes: { pathMs: { atLeast: 350, atMost: 500 } } }],
  also: [],
};
