import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const udpPortClosed: Scenario = {
  name: 'udp-port-closed',
  title: 'no socket for the datagrams: the server’s stack says so by ICMP',
  network: path(),
  family: 4,
  port: 7302,
  tap: 'any',
  async play(stage) {
    const talk = {
      do: 'repeat',
      times: 3,
      steps: [
        { do: 'send', bytes: 90 },
        { do: 'wait', ms: 300 },
      ],
    } as const;
    const client = stage.client.endpoint({
      protocol: 'udp',
      role: 'connect',
      address: stage.serverAddress,
      port: stage.port,
      steps: [talk],
    });
    await client.exited;
    const unreachable = await stage.kernelCounter(stage.server, 'UdpNoPorts');
    certain(unreachable >= 1, 'the server’s stack must have had no port');
    return { noPorts: unreachable };
  },
  expected: [{ code: 'icmp-error', sender: 'server', min: 'likely' }],
  also: ['udp-unanswered'],
};
