import { boxed } from '../networks.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const udpLost: Scenario = {
  name: 'udp-lost',
  title: 'the box loses a tenth of the datagrams toward the server',
  network: boxed,
  family: 4,
  port: 7300,
  tap: 'any',
  async play(stage) {
    const box = await stage.box({
      name: 'lose',
      match: { toward: 'toward-server', protocol: 'udp', probability: 0.1 },
      action: { do: 'drop' },
    });
    const server = stage.server.endpoint({
      protocol: 'udp',
      role: 'listen',
      port: stage.port,
      steps: [{ do: 'echo' }],
    });
    await server.waitFor('listening');
    const talk = {
      do: 'repeat',
      times: 80,
      steps: [
        { do: 'send', bytes: 160 },
        { do: 'wait', ms: 5 },
      ],
    } as const;
    const client = stage.client.endpoint({
      protocol: 'udp',
      role: 'connect',
      address: stage.serverAddress,
      port: stage.port,
      steps: [talk, { do: 'wait', ms: 300 }],
    });
    await client.exited;
    const { lose = 0 } = await box.stop();
    certain(lose > 0, 'the box must have lost something');
    return { sent: 80, dropped: lose };
  },
  expected: [{ code: 'udp-lost', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['udp-unanswered'],
};
