import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, type Case, type Figure, median } from '../case.js';
import { type Crowd, startAgents, startLinks } from '../crowd/agents.js';
import { call } from '../crowd/call.js';
import { online, packetsOf, reached, start } from '../crowd/captures.js';
import { BenchCoordinator, until } from '../crowd/coordinator.js';
import { waitsFor } from '../crowd/questions.js';
import { cpuSeconds, residentBytes } from '../process-cost.js';

/** How long each crowd records, or idles. */
const SECONDS = 10;
const IDLE_AGENTS = 2_000;
/** All of them are in this process, which opens a few TLS connections a second where it gets a fraction of a core. */
const ALL_CONNECTED_MS = 300_000;

/** Many captures at once; then few with as many packets as one coordinator is to take. */
const LOADS = [
  { captures: 25, rate: 1_000 },
  { captures: 5, rate: 20_000 },
] as const;

/** Captures side by side on one coordinator, and how it answers meanwhile. */
export const crowd: Case = {
  name: 'crowd',
  title: 'agents with made-up packets in captures at once, all on one coordinator',
  async run(bench) {
    const figures: Figure[] = [];
    for (const { captures, rate } of LOADS) figures.push(...(await recordAll(bench, captures, rate)));
    return figures;
  },
};

/** Connected agents that have nothing to do. */
export const idle: Case = {
  name: 'idle',
  title: `${IDLE_AGENTS} idle agents connected to one coordinator`,
  async run(bench) {
    const folder = folderIn(bench, 'idle');
    await using coordinator = await BenchCoordinator.start(folder);
    const empty = residentBytes(coordinator.pid);
    const startedNs = bench.now();
    let welcomed = 0;
    const links = await startLinks(coordinator, folder, IDLE_AGENTS, () => {
      welcomed++;
    });
    await until('all connected', ALL_CONNECTED_MS, async () => welcomed >= IDLE_AGENTS);
    const joinSeconds = Number(bench.now() - startedNs) / 1e9;
    const [cpu, own] = [cpuSeconds(coordinator.pid), process.cpuUsage()];
    const waits = await waitsFor(coordinator.context, { list: 'agents' }, SECONDS);
    const load = (cpuSeconds(coordinator.pid) - cpu) / SECONDS;
    const { user, system } = process.cpuUsage(own);
    const memory = residentBytes(coordinator.pid) - empty;
    await links.end();
    return [
      { what: 'joined and connected', value: IDLE_AGENTS / joinSeconds, unit: 'agents/s' },
      { what: 'coordinator: CPU', value: 100 * load, unit: '% of a core' },
      { what: 'coordinator: memory for each agent', value: memory / IDLE_AGENTS / 1e3, unit: 'kB' },
      {
        what: 'link of an agent: CPU',
        value: (user + system) / 1e4 / SECONDS / IDLE_AGENTS,
        unit: '% of a core',
      },
      ...waitFigures('"agents"', waits),
    ];
  },
};

async function recordAll(bench: Bench, captures: number, rate: number): Promise<Figure[]> {
  const what = `${captures} captures at 2 × ${rate}/s`;
  bench.say(what);
  const folder = folderIn(bench, `crowd-${captures}`);
  await using coordinator = await BenchCoordinator.start(folder);
  const agents = await startAgents(coordinator, folder, captures, rate);
  await online(coordinator, captures * 2);
  const [cpu, own, startedNs] = [cpuSeconds(coordinator.pid), process.cpuUsage(), bench.now()];
  const ids = await Promise.all(Array.from({ length: captures }, (_, i) => start(coordinator, i)));
  await reached(coordinator, ids, ['recording']);
  const startMs = Number(bench.now() - startedNs) / 1e6;
  const { context } = coordinator;
  const lists = await waitsFor(context, { list: 'captures' }, SECONDS / 2);
  const reports = await waitsFor(context, { report: ids[0] ?? '' }, SECONDS / 2);
  for (const captureId of ids) await call((done) => coordinator.client.stopCapture({ captureId }, done));
  const stoppedNs = bench.now();
  await reached(coordinator, ids, ['complete', 'partial']);
  const drainMs = Number(bench.now() - stoppedNs) / 1e6;
  const seconds = Number(bench.now() - startedNs) / 1e9;
  const taken = await packetsOf(coordinator, ids);
  const made = madeBy(agents);
  const { user, system } = process.cpuUsage(own);
  const figures: Figure[] = [
    {
      what: `${what}: packets not in a report`,
      value: made - taken,
      unit: 'packets',
      compared: `of ${made}`,
    },
    { what: `${what}: command to recording, all`, value: startMs, unit: 'ms' },
    { what: `${what}: stop to the last report`, value: drainMs, unit: 'ms' },
    ...waitFigures(`${what}: "captures"`, lists),
    ...waitFigures(`${what}: "report" of one`, reports),
    {
      what: `${what}: coordinator: CPU`,
      value: ((cpuSeconds(coordinator.pid) - cpu) / made) * 1e6,
      unit: 'µs/packet',
    },
    { what: `${what}: coordinator: memory`, value: residentBytes(coordinator.pid) / 1e6, unit: 'MB' },
    {
      what: `${what}: each agent: CPU`,
      value: (user + system) / 1e4 / seconds / (captures * 2),
      unit: '% of a core',
    },
    {
      what: `${what}: all agents in one process: memory`,
      value: process.memoryUsage.rss() / 1e6,
      unit: 'MB',
    },
  ];
  await agents.end();
  return figures;
}

function madeBy({ sources }: Crowd): number {
  return sources.reduce((sum, source) => sum + source.made, 0);
}

function waitFigures(what: string, waits: readonly number[]): Figure[] {
  return [
    { what: `${what} answered, median`, value: median(waits), unit: 'ms' },
    {
      what: `${what} answered, worst`,
      value: Math.max(...waits),
      unit: 'ms',
      compared: `of ${waits.length}`,
    },
  ];
}

function folderIn({ folder }: Bench, name: string): string {
  const path = join(folder, name);
  mkdirSync(path);
  return path;
}
