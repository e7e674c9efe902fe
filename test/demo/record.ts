/**
 * Records the demo's incidents into test/captures/demo, for machines where the lab cannot run. Run it by hand after an
 * incident has changed: `npm run build && node test/dist/demo/record.js`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkCommand } from '../lab/command.js';
import { chain, Lab } from '../lab/index.js';
import { TEST_ROOT } from '../lab/paths.js';
import { INCIDENTS, type Incident } from './incidents.js';

/** The usual traffic beside an incident: a probe that is answered twice a second. It shows that both captures ran. */
const PROBE_PORT = 9_999;
const PROBE_EVERY_MS = 500;
/** What the last seconds of a capture have to show. */
const LEAD_MS = 1_100;

async function startProbe(lab: Lab): Promise<void> {
  const address = lab.host('server').address();
  const shared = { protocol: 'udp', address, port: PROBE_PORT } as const;
  const server = lab.host('server').endpoint({ ...shared, role: 'listen', steps: [{ do: 'echo' }] });
  await server.waitFor('listening');
  const probe = [{ do: 'send', bytes: 16 } as const, { do: 'wait', ms: PROBE_EVERY_MS } as const];
  lab
    .host('client')
    .endpoint({ ...shared, role: 'connect', steps: [{ do: 'repeat', times: 1e6, steps: probe }] });
}

async function record(lab: Lab, incident: Incident, tool: string): Promise<void> {
  const folder = join(TEST_ROOT, 'captures/demo', incident.name);
  mkdirSync(folder, { recursive: true });
  const filter = `tcp port ${incident.port} or udp port ${PROBE_PORT} or icmp`;
  const ends = ['client', 'server'] as const;
  const recordings = await Promise.all(
    ends.map((end) => lab.host(end).record(join(folder, `${end}.pcap`), { filter })),
  );
  await sleep(LEAD_MS);
  const restore = await incident.stage(lab);
  await sleep(LEAD_MS);
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
await startProbe(lab);
for (const incident of INCIDENTS) await record(lab, incident, tool);
