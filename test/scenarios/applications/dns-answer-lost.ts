import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const dnsAnswerLost: Scenario = {
  name: 'dns-answer-lost',
  title: 'm2 drops the answers',
  network: path(),
  family: 6,
  port: 53,
  tap: 'any',
  async play(stage) {
    const resolver = startProgram(stage.server, 'dns', 'serve', String(stage.port), '0');
    await resolver.line();
    const fault = await stage.fault(stage.lab.host('m2'), 'forward', 'udp sport 53', 'drop');
    const said = await startProgram(
      stage.client,
      'dns',
      'ask',
      stage.serverAddress,
      String(stage.port),
      'aaaa',
    ).line();
    certain(said === 'unanswered', `the client must be unanswered, not ${said}`);
    await stage.control();
    return { dropped: await fault.hits(2), clientSaid: said };
  },
  expected: [{ code: 'dns-unanswered', direction: 'toward-client', min: 'likely', max: 'strong' }],
  also: ['udp-lost'],
};
