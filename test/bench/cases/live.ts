import { readFileSync } from 'node:fs';
import { labAvailable } from '../../lab/available.js';
import { checkCommand } from '../../lab/command.js';
import { Fleet } from '../../lab/fleet.js';
import { chain, Lab } from '../../lab/index.js';
import { type Bench, type Case, type Figure, median } from '../case.js';

/** Nothing listens there. */
const PORT = 9;
/** The report of a capture is waited for this long; the figures come before. */
const FINDING_TIMEOUT_MS = 20_000;

interface Sample {
  /** From the command to "recording" on both hosts, ms. */
  readonly startMs: number;
  /** From the RST at the client's tap to the finding on the terminal, ms. */
  readonly findingMs: number;
}

/** A coordinator and two agents as processes in virtual hosts, joined over TLS. */
export const live: Case = {
  name: 'live',
  title: 'coordinated captures of a refused connection',
  async run(bench) {
    const { ok, why } = labAvailable();
    if (!ok) {
      bench.say(`SKIPPED live: ${why}`);
      return [];
    }
    await using lab = await Lab.create(chain({ hosts: { coordinator: {} } }));
    await using fleet = await Fleet.start(lab);
    const idle = await idleMemory(lab);
    const samples: Sample[] = [];
    for (let round = 0; round < bench.rounds; round++) samples.push(await refused(lab, fleet, round, bench));
    return [...idle, ...figuresOf(samples)];
  },
};

function figuresOf(samples: readonly Sample[]): Figure[] {
  const starts = samples.map((sample) => sample.startMs);
  const delays = samples.map((sample) => sample.findingMs);
  return [
    { what: 'command to recording, median', value: median(starts), unit: 'ms' },
    { what: 'command to recording, worst', value: Math.max(...starts), unit: 'ms' },
    { what: 'RST on the wire to finding, median', value: median(delays), unit: 'ms' },
    { what: 'RST on the wire to finding, worst', value: Math.max(...delays), unit: 'ms' },
  ];
}

async function refused(lab: Lab, fleet: Fleet, round: number, { now }: Bench): Promise<Sample> {
  const name = `bench-${round}`;
  const startedNs = now();
  const capture = fleet.capture(['client', 'server', '--port', String(PORT), '--name', name]);
  await capture.recording();
  const startMs = Number(now() - startedNs) / 1e6;
  const address = lab.host('server').address();
  const client = lab.host('client').endpoint({ role: 'connect', address, port: PORT });
  await capture.says(/^finding: rst-genuine/m, FINDING_TIMEOUT_MS);
  // Virtual hosts share the machine's clock, so a time stamp of the kernel compares with ours.
  const saidMs = Date.now();
  await client.exited;
  await capture.stop();
  const report = await fleet.report(name);
  const at = report.findings.find((finding) => finding.code === 'rst-genuine')?.at ?? null;
  if (at === null) throw new Error(`the report of ${name} lost its finding`);
  return { startMs, findingMs: saidMs - Date.parse(at) };
}

/** Resident memory of an agent that has nothing to do: of the largest process on its host, from the kernel. */
async function idleMemory(lab: Lab): Promise<Figure[]> {
  const pids = await checkCommand(['ip', 'netns', 'pids', lab.host('client').namespace]);
  const sizes = pids.split('\n').filter(Boolean).map(residentBytes);
  return [{ what: 'idle agent, resident memory', value: Math.max(...sizes) / 1e6, unit: 'MB' }];
}

function residentBytes(pid: string): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) * 1024;
}
