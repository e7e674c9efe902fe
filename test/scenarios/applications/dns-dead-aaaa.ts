import { path } from '../networks.js';
import { startProgram } from '../programs/start.js';
import type { Scenario } from '../scenario.js';
import { certain } from '../stage.js';

/** Half a resolver: what asks for both families waits for the dead half. */
export const dnsDeadAaaa: Scenario = {
  name: 'dns-dead-aaaa',
  title: 'the resolver answers A queries and keeps silent on AAAA',
  network: path(),
  family: 4,
  port: 53,
  tap: 'any',
  async play(stage) {
    const resolver = startProgram(stage.server, 'dns', 'serve', String(stage.port), '0', 'aaaa');
    await resolver.line();
    const ask = (type: string) =>
      startProgram(stage.client, 'dns', 'ask', stage.serverAddress, String(stage.port), type);
    const [a, aaaa] = await Promise.all([ask('a').line(), ask('aaaa').line()]);
    certain(a === 'answered 0' && aaaa === 'unanswered', `A must work and AAAA must not: ${a}, ${aaaa}`);
    await stage.control();
    return { a, aaaa };
  },
  expected: [{ code: 'dns-unanswered', min: 'likely', max: 'strong', attributes: { type: 'AAAA' } }],
  also: [],
};
