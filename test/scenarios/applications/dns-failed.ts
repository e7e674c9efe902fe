import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

export const dnsFailed: Scenario = {
  name: 'dns-failed',
  title: 'the resolver answers SERVFAIL',
  network: path(),
  family: 4,
  port: 53,
  tap: 'link',
  async play(stage) {
    const resolver = startProgram(stage.server, 'dns', 'serve', String(stage.port), '2');
    await resolver.line();
    const said = await startProgram(
      stage.client,
      'dns',
      'ask',
      stage.serverAddress,
      String(stage.port),
      'a',
    ).line();
    certain(said === 'answered 2', `the client must be answered 2, not ${said}`);
    return { clientSaid: said };
  },
  expected: [{ code: 'dns-failed', min: 'likely', attributes: { rcode: { atLeast: 2, atMost: 2 } } }],
  also: [],
};
