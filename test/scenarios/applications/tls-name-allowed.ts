import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { BLOCKED_NAME, hello } from './tls.js';

export const tlsNameAllowed: Scenario = {
  name: 'tls-name-allowed',
  title: 'the same device lets another server name pass',
  network: boxed,
  family: 4,
  port: 443,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'censor',
      match: { toward: 'toward-server', clientHello: BLOCKED_NAME },
      action: {
        do: 'reset',
        toward: ['toward-client', 'toward-server'],
        offsets: [0],
        ttl: 64,
        acknowledges: true,
        trigger: 'drop',
      },
    });
    const opening = hello('allowed.example');
    const { client, server } = await stage.pair(
      [
        { do: 'send', text: opening },
        { do: 'receive', bytes: 2_000 },
      ],
      [{ do: 'receive', bytes: opening.length }, { do: 'send', bytes: 2_000 }, { do: 'drain' }],
    );
    await client.waitFor('received');
    await server.waitFor('closed');
    const { censor = 0 } = await box.stop();
    return { resets: censor };
  },
  expected: [],
  also: [],
};
