/**
 * Stages scenarios and records them at both ends into test/captures, with what the lab says happened. Run by hand when
 * a scenario has changed: `npm run build && node test/dist/scenarios/record.js [NAME...]`. Needs root.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { toBothendsError } from '@bothends/proto';
import { checkCommand } from '../lab/command.js';
import { captureFolder, capturePaths } from './captures.js';
import { SCENARIOS } from './index.js';
import { FILTER, perform } from './perform.js';
import type { Scenario } from './scenario.js';

async function record(scenario: Scenario, tool: string): Promise<void> {
  const folder = captureFolder(scenario.name);
  mkdirSync(folder, { recursive: true });
  const { truth, client, server } = await perform(scenario, folder);
  const provenance = {
    what: scenario.title,
    how: 'tcpdump at both ends of a lab of network namespaces, real Linux stacks',
    filter: FILTER,
    truth,
    packets: { client: client.captured, server: server.captured },
    kernelDrops: { client: client.dropped, server: server.dropped },
    kernel: release(),
    tool,
  };
  writeFileSync(join(folder, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
  const bytes = capturePaths(scenario.name).map((path) => statSync(path).size);
  process.stdout.write(`${scenario.name}: ${bytes.join(' + ')} bytes, ${JSON.stringify(truth)}\n`);
}

const names = process.argv.slice(2);
const chosen = SCENARIOS.filter(
  ({ name }) => names.length === 0 || names.some((start) => name.startsWith(start)),
);
const tool = (await checkCommand(['tcpdump', '--version'])).split('\n').slice(0, 2).join(', ');
for (const scenario of chosen) {
  try {
    await record(scenario, tool);
  } catch (thrown) {
    process.stderr.write(`${scenario.name}: ${toBothendsError(thrown).message}\n`);
    process.exitCode = 1;
  }
}
