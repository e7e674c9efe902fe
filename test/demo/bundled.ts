import { join, relative } from 'node:path';
import type { Report } from '@bothends/proto';
import { checkCommand } from '../lab/command.js';
import { BOTHENDS } from '../lab/fleet.js';
import { REPOSITORY_ROOT, TEST_ROOT } from '../lab/paths.js';
import { INCIDENTS } from './incidents.js';
import { type Screen, verdictProblem } from './screen.js';

/** The same incidents from captures that were recorded in the lab, for machines without root or namespaces. */
export async function runBundled(screen: Screen): Promise<string[]> {
  const problems: string[] = [];
  for (const incident of INCIDENTS) {
    const files = ['client.pcap', 'server.pcap'].map((name) =>
      relative(REPOSITORY_ROOT, join(TEST_ROOT, 'captures/demo', incident.name, name)),
    );
    const args = ['analyze', ...files, '--port', String(incident.port)];
    screen.title(incident.title);
    screen.command(args);
    screen.write(await checkCommand([...BOTHENDS, ...args], { cwd: REPOSITORY_ROOT }));
    const json = await checkCommand([...BOTHENDS, ...args, '-o', 'json'], { cwd: REPOSITORY_ROOT });
    problems.push(...verdictProblem(incident, JSON.parse(json) as Report));
  }
  return problems;
}
