import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

/** Near miss: what leaves whole arrives in pieces, and nothing is lost. */
export const udpCutOnPath: Scenario = {
  name: 'udp-cut-on-path',
  title: 'the client’s link takes datagrams of 4000 bytes whole; m1 cuts them for the next one',
  network: path({
    links: { 'client-m1': { mtu: 9_000 } },
    hosts: { client: { sysctls: { 'net.ipv4.ip_no_pmtu_disc': 1 } } },
  }),
  family: 4,
  port: 7307,
  tap: 'link',
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
      { do: 'wait', ms: 100 },
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
