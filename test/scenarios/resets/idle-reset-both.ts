import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const idleResetBoth: Scenario = {
  name: 'idle-reset-both',
  title:
    'a stateful device resets both ends of an idle connection at the moment of expiry, without a trigger',
  network: boxed,
  family: 4,
  port: 8086,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'state',
      match: { protocol: 'tcp' },
      action: { do: 'forget', idleMs: 1_500, meets: 'reset-both', ttl: 64 },
    });
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 400 },
        { do: 'wait', ms: 700 },
        { do: 'send', bytes: 200 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 400 }, { do: 'drain' }],
    );
    await Promise.all([client.waitFor('reset'), server.waitFor('reset')]);
    const { state = 0 } = await box.stop();
    return { resets: state, idleMs: 1_500, survivedMs: 700 };
  },
  expected: [{ code: 'rst-forged', direction: 'both', min: 'likely', max: 'strong' }],
  also: ['idle-timeout'],
};
