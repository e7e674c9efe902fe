/**
 * Stages scenarios and records them at both ends into test/captures, with what the lab says happened. Run by hand when
 * a scenario has changed: `npm run build && node test/dist/scenarios/record.js [NAME...]`. Needs root.
 */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { toBothendsError } from '@bothends/proto';
import { checkCommand } from '../lab/command.js';
import { Lab, type LabHost, type Recording } from '../lab/index.js';
import { captureFolder } from './captures.js';
import { SCENARIOS } from './index.js';
import type { Scenario } from './scenario.js';
import { Stage } from './stage.js';

/** Everything between the hosts but neighbour discovery, which is the link's own business. */
const FILTER = 'tcp or udp or icmp or (icmp6 and ip6[40] < 128)';

function tap(host: LabHost, scenario: Scenario): Promise<Recording> {
  const device = scenario.tap === 'link' ? { interface: host.interface() } : {};
  return host.record(join(captureFolder(scenario.name), `${host.name}.pcap`), { filter: FILTER, ...device });
}

async function record(scenario: Scenario, tool: string): Promise<void> {
  mkdirSync(captureFolder(scenario.name), { recursive: true });
  await using lab = await Lab.create(scenario.network());
  const stage = new Stage(lab, scenario.family, scenario.port);
  const recordings = await Promise.all([tap(stage.client, scenario), tap(stage.server, scenario)]);
  const truth = await scenario.play(stage);
  const [client, server] = await Promise.all(recordings.map((recording) => recording.stop()));
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
  writeFileSync(
    join(captureFolder(scenario.name), 'provenance.json'),
    `${JSON.stringify(provenance, null, 2)}\n`,
  );
  const bytes = ['client', 'server'].map(
    (end) => statSync(join(captureFolder(scenario.name), `${end}.pcap`)).size,
  );
  process.stdout.write(`${scenario.name}: ${bytes.join(' + ')} bytes, ${JSON.stringify(truth)}\n`);
}

const names = process.argv.slice(2);
const chosen =
  names.length === 0
    ? SCENARIOS
    : SCENARIOS.filter(({ name }) => names.some((start) => name.startsWith(start)));
const tool = (await checkCommand(['tcpdump', '--version'])).split('\n').slice(0, 2).join(', ');
for (const scenario of chosen) {
  try {
    await record(scenario, tool);
  } catch (thrown) {
    process.stderr.write(`${scenario.name}: ${toBothendsError(thrown).message}\n`);
    process.exitCode = 1;
  }
}
