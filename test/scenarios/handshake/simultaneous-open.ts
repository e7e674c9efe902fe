import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Long enough for both processes to have started before either SYN arrives. */
const ONE_WAY_MS = 1_500;

/** Near miss: both ends send a SYN, and neither of them is left without an answer (RFC 9293, 3.5). */
export const simultaneousOpen: Scenario = {
  name: 'simultaneous-open',
  title: 'both ends connect to one another at once, on a path of 1.5 s each way',
  network: boxed,
  family: 4,
  port: 6120,
  tap: 'any',
  async play(stage) {
    await stage.box({ name: 'far', match: { protocol: 'tcp' }, action: { do: 'delay', ms: ONE_WAY_MS } });
    const end = (host: typeof stage.client, address: string) =>
      host.endpoint({
        role: 'connect',
        address,
        port: stage.port,
        local: { port: stage.port },
        steps: [
          { do: 'send', bytes: 300 },
          { do: 'receive', bytes: 300 },
        ],
      });
    const ends = [end(stage.client, stage.serverAddress), end(stage.server, stage.client.address(4))];
    await Promise.all(ends.map((one) => one.waitFor('received', { timeoutMs: 20_000 })));
    await Promise.all(ends.map((one) => one.waitFor('closed', { timeoutMs: 20_000 })));
    return { bothConnected: true };
  },
  expected: [],
  also: ['slow-path'],
};
