import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const slowServer: Scenario = {
  name: 'slow-server',
  title: 'the server thinks for 1.2 s before each answer',
  network: path(),
  family: 6,
  port: 7121,
  tap: 'any',
  async play(stage) {
    const ask = [{ do: 'send', bytes: 150 } as const, { do: 'receive', bytes: 300 } as const];
    const think = [
      { do: 'receive', bytes: 150 } as const,
      { do: 'wait', ms: 1_200 } as const,
      { do: 'send', bytes: 300 } as const,
    ];
    const { client } = await stage.pair([...ask, ...ask], [...think, ...think, { do: 'drain' }]);
    await client.waitFor('received', { count: 2 });
    return { thinkMs: 1_200 };
  },
  expected: [
    { code: 'slow-server', min: 'possible', attributes: { serverMs: { atLeast: 1_100, atMost: 1_500 } } },
  ],
  also: [],
};
