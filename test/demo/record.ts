/**
 * Records the demo's incidents into test/captures/demo, for machines where the lab cannot run. Run it by hand after an
 * incident has changed: `npm run build && node test/dist/demo/record.js`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { checkCommand } from '../lab/command.js';
import { chain, Lab } from '../lab/index.js';
import { TEST_ROOT } from '../lab/paths.js';
import { INCIDENTS, type Incident } from './incidents.js';

async function record(lab: Lab, incident: Incident, tool: string): Promise<void> {
  const folder = join(TEST_ROOT, 'captures/demo', incident.name);
  mkdirSync(folder, { recursive: true });
  const filter = `tcp port ${incident.port} or icmp`;
  const ends = ['client', 'server'] as const;
  const recordings = await Promise.all(
    ends.map((end) => lab.host(end).record(join(folder, `${end}.pcap`), { filter })),
  );
  const restore = await incident.stage(lab);
  const counts = await Promise.all(recordings.map((recording) => recording.stop()));
  await restore();
  const provenance = {
    what: incident.title,
    how: 'tcpdump on `any` at both ends of the default chain of the lab, real Linux stacks',
    filter,
    packets: { client: counts[0]?.captured, server: counts[1]?.captured },
    kernelDrops: { client: counts[0]?.dropped, server: counts[1]?.dropped },
    kernel: release(),
    tool,
  };
  writeFileSync(join(folder, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
  console.log(`${incident.name}: ${JSON.stringify(provenance.packets)}`);
}

const tool = (await checkCommand(['tcpdump', '--version'])).split('\n').slice(0, 2).join(', ');
await using lab = await Lab.create(chain({ families: [4], hosts: { coordinator: {} } }));
for (const incident of INCIDENTS) await record(lab, incident, tool);
