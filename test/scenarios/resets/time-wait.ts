import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** Near miss: the same port again while the server is in TIME-WAIT. The stack takes the SYN, and nothing is wrong. */
export const timeWait: Scenario = {
  name: 'time-wait',
  title:
    'the client uses the same port again while the server’s old connection is in TIME-WAIT: it just works',
  network: path(),
  family: 4,
  port: 6015,
  tap: 'any',
  async play(stage) {
    const clientPort = 42_000;
    const ask = [
      { do: 'send', bytes: 100 } as const,
      { do: 'receive', bytes: 300 } as const,
      { do: 'drain' } as const,
    ];
    const answer = [
      { do: 'receive', bytes: 100 } as const,
      { do: 'send', bytes: 300 } as const,
      { do: 'end' } as const,
      { do: 'drain' } as const,
    ];
    const first = await stage.pair(ask, answer, { clientPort });
    await first.client.exited;
    await first.server.waitFor('closed');
    const second = stage.connect(ask, { clientPort });
    await second.exited;
    await first.server.waitFor('closed', { count: 2 });
    certain(!second.said('reset') && !second.said('error'), 'the second connection must work');
    return { connections: 2, resets: 0 };
  },
  expected: [],
  also: ['port-reuse'],
};
