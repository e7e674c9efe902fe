import { path } from '../networks.js';
import type { Scenario } from '../scenario.js';

export const udpUnanswered: Scenario = {
  name: 'udp-unanswered',
  title: 'datagrams reach the server’s host; its application says nothing',
  network: path(),
  family: 6,
  port: 7301,
  tap: 'link',
  async play(stage) {
    const server = stage.server.endpoint({
      protocol: 'udp',
      role: 'listen',
      port: stage.port,
      steps: [{ do: 'drain' }],
    });
    await server.waitFor('listening');
    const talk = {
      do: 'repeat',
      times: 5,
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
    return { sent: 5, serverDid: 'read and keep silent' };
  },
  expected: [{ code: 'udp-unanswered', min: 'likely', max: 'strong' }],
  also: [],
};
