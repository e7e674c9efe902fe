import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

const ANSWERS = 12;

/** A packet filter without state knows no ports of later fragments, and drops them: whole datagrams are of no use then. */
export const udpFragmentsLost: Scenario = {
  name: 'udp-fragments-lost',
  title: 'm2 drops all fragments but the first of the server’s answers of 4000 bytes',
  network: path(),
  family: 4,
  port: 7306,
  tap: 'any',
  async play(stage) {
    const m2 = stage.lab.host('m2');
    const fault = await stage.fault(
      m2,
      'forward',
      `ip saddr ${stage.serverAddress} ip frag-off & 0x1fff != 0`,
      'drop',
    );
    const server = stage.server.endpoint({
      protocol: 'udp',
      role: 'listen',
      port: stage.port,
      steps: [{ do: 'echo' }],
    });
    await server.waitFor('listening');
    const question = [
      { do: 'send', bytes: 4_000 },
      { do: 'wait', ms: 100 },
    ] as const;
    const client = stage.client.endpoint({
      protocol: 'udp',
      role: 'connect',
      address: stage.serverAddress,
      port: stage.port,
      steps: [{ do: 'repeat', times: ANSWERS, steps: question }],
    });
    await client.waitFor('sent', { count: ANSWERS });
    const dropped = await fault.hits(2 * ANSWERS);
    certain(!client.said('received'), 'no answer may arrive whole');
    return { answers: ANSWERS, fragmentsDropped: dropped };
  },
  expected: [
    {
      code: 'udp-lost',
      direction: 'toward-client',
      causes: ['fragments'],
      min: 'likely',
      max: 'strong',
      attributes: {
        sent: { atLeast: ANSWERS, atMost: ANSWERS },
        lost: { atLeast: ANSWERS - 1, atMost: ANSWERS },
      },
    },
  ],
  also: [],
};
