import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const abortByClient: Scenario = {
  name: 'abort-by-client',
  title: 'the client closes with linger 0',
  network: path(),
  family: 4,
  port: 6000,
  tap: 'any',
  async play(stage) {
    const { server } = await stage.pair(
      [{ do: 'send', bytes: 400 }, { do: 'receive', bytes: 1_000 }, { do: 'wait', ms: 200 }, { do: 'reset' }],
      [{ do: 'receive', bytes: 400 }, { do: 'send', bytes: 1_000 }, { do: 'drain' }],
    );
    await server.waitFor('reset');
    return { clientDid: 'close with linger 0', serverSaid: 'reset' };
  },
  expected: [{ code: 'rst-genuine', sender: 'client', causes: ['abort'], min: 'strong' }],
  also: [],
};
