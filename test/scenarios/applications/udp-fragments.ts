import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: only the first fragment of a datagram has ports; the others belong to it all the same. */
export const udpFragments: Scenario = {
  name: 'udp-fragments',
  title: 'datagrams of 4000 bytes go through in fragments, and are answered',
  network: path(),
  family: 4,
  port: 7305,
  tap: 'any',
  async play(stage) {
    const server = stage.server.endpoint({
      protocol: 'udp',
      role: 'listen',
      port: stage.port,
      steps: [{ do: 'echo' }],
    });
    await server.waitFor('listening');
    const exchange = [
      { do: 'send', bytes: 4_000 },
      { do: 'receive', bytes: 4_000 },
      { do: 'wait', ms: 50 },
    ] as const;
    const client = stage.client.endpoint({
      protocol: 'udp',
      role: 'connect',
      address: stage.serverAddress,
      port: stage.port,
      steps: [{ do: 'repeat', times: 4, steps: exchange }],
    });
    await client.waitFor('received', { count: 4 });
    return { datagrams: 8, bytesEach: 4_000 };
  },
  expected: [],
  also: [],
};
