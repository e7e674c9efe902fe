import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const dnsQueryLost: Scenario = {
  name: 'dns-query-lost',
  title: 'm2 drops the queries',
  network: path(),
  family: 4,
  port: 53,
  tap: 'link',
  async play(stage) {
    await stage.control();
    const resolver = startProgram(stage.server, 'dns', 'serve', String(stage.port), '0');
    await resolver.line();
    const fault = await stage.fault(stage.lab.host('m2'), 'forward', 'udp dport 53', 'drop');
    const said = await startProgram(
      stage.client,
      'dns',
      'ask',
      stage.serverAddress,
      String(stage.port),
      'a',
    ).line();
    certain(said === 'unanswered', `the client must be unanswered, not ${said}`);
    await stage.control();
    return { dropped: await fault.hits(2), clientSaid: said };
  },
  expected: [{ code: 'dns-unanswered', direction: 'toward-server', min: 'likely', max: 'strong' }],
  also: ['udp-lost'],
};
