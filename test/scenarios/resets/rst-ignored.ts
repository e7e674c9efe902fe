import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const rstIgnored: Scenario = {
  name: 'rst-ignored',
  title: 'a forged RST misses the expected number; the server answers with a challenge ACK and goes on',
  network: boxed,
  family: 4,
  port: 8084,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'miss',
      match: { toward: 'toward-server', payload: 1, nth: { from: 2, to: 2 } },
      action: {
        do: 'reset',
        toward: ['toward-server'],
        offsets: [700],
        ttl: 64,
        acknowledges: false,
        trigger: 'pass',
      },
    });
    const ask = [{ do: 'send', bytes: 200 } as const, { do: 'receive', bytes: 400 } as const];
    const answer = [{ do: 'receive', bytes: 200 } as const, { do: 'send', bytes: 400 } as const];
    const { client, server } = await stage.pair(
      [...ask, ...ask, ...ask],
      [...answer, ...answer, ...answer, { do: 'drain' }],
    );
    await client.exited;
    await server.waitFor('closed');
    certain(!client.said('reset') && !server.said('reset'), 'the RST must have had no effect');
    const { miss = 0 } = await box.stop();
    return { injections: miss, exchanges: 3 };
  },
  expected: [{ code: 'rst-ignored', min: 'likely' }],
  also: ['rst-forged'],
};
