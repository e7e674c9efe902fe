import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Three RSTs to each end, of the same TTL as the trigger: a known injector's signature, and no use for TTL tricks. */
export const injectedBurst: Scenario = {
  name: 'injected-burst',
  title:
    'an injector on the path shoots three RST+ACKs at each end, with a mirrored TTL, and lets the trigger pass',
  network: boxed,
  family: 4,
  port: 8083,
  tap: 'link',
  async play(stage) {
    const box = await stage.box({
      name: 'inject',
      match: { toward: 'toward-server', payload: 1, nth: { from: 2, to: 2 } },
      action: {
        do: 'reset',
        toward: ['toward-client', 'toward-server'],
        offsets: [0, 0, 0],
        ttl: 'mirrored',
        acknowledges: true,
        trigger: 'pass',
      },
    });
    const { client, server } = await stage.pair(
      [
        { do: 'send', bytes: 200 },
        { do: 'receive', bytes: 400 },
        { do: 'wait', ms: 100 },
        { do: 'send', bytes: 200 },
        { do: 'drain' },
      ],
      [{ do: 'receive', bytes: 200 }, { do: 'send', bytes: 400 }, { do: 'drain' }],
    );
    await Promise.all([client.waitFor('reset'), server.waitFor('closed')]);
    const { inject = 0 } = await box.stop();
    return { injections: inject, clientSaid: 'reset', serverSaid: 'closed' };
  },
  expected: [{ code: 'rst-forged', direction: 'both', min: 'likely', max: 'strong' }],
  also: ['rst-genuine', 'rst-ignored'],
};
