import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const dnsSilent: Scenario = {
  name: 'dns-silent',
  title: 'the resolver gets the queries and says nothing',
  network: path(),
  family: 4,
  port: 53,
  tap: 'any',
  async play(stage) {
    const resolver = startProgram(stage.server, 'dns', 'serve', String(stage.port), 'silent');
    await resolver.line();
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
    return { clientSaid: said };
  },
  expected: [{ code: 'dns-unanswered', min: 'likely', max: 'strong' }],
  also: [],
};
