import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enrol, runAgent } from '@bothends/agent';
import { SystemClock } from '@bothends/agent/clock/clock';
import { ClockExchange } from '@bothends/agent/clock/exchange';
import { identityCredentials } from '@bothends/agent/uplink/credentials';
import { Link } from '@bothends/agent/uplink/link';
import { stderrLogger } from '@bothends/cli/output/logger';
import type { BenchCoordinator } from './coordinator.js';
import { PacedSource } from './paced-source.js';

const logger = stderrLogger('bench', 'error');
const HEARTBEAT_MS = 1000;
/** The ceilings of one agent are not those of a process with fifty of them. */
const POLICY = 'maxMemory: 16GB\nnice: 0\n';

/** Agents in this process, which end together. */
export interface Crowd {
  readonly sources: readonly PacedSource[];
  end(): Promise<void>;
}

/** Whole agents with made-up packets: `client-N` and `server-N` for each capture. */
export async function startAgents(
  coordinator: BenchCoordinator,
  folder: string,
  captures: number,
  rate: number,
  flows = 1,
): Promise<Crowd> {
  const clock = new SystemClock();
  const sources: PacedSource[] = [];
  const running: Running[] = [];
  const policyPath = join(folder, 'policy.yaml');
  writeFileSync(policyPath, POLICY);
  for (let capture = 0; capture < captures; capture++) {
    for (const end of ['client', 'server'] as const) {
      const name = `${end}-${capture}`;
      const dataDir = join(folder, name);
      await enrol({ ...(await coordinator.joinLine(name)), name, dataDir });
      const source = new PacedSource({ rate, capture, flows, end, nowNs: () => clock.wallNs() });
      sources.push(source);
      const kit = { source: async () => source, filter: async () => ({ text: 'made up', length: 1 }) };
      const over = new AbortController();
      const tools = { logger, signal: over.signal, clock, kit };
      running.push({ over, ended: runAgent({ dataDir, policyPath }, tools) });
    }
  }
  return { sources, end: () => allEnded(running) };
}

/** Only the links of agents, with nothing behind: what an idle agent is to its coordinator. */
export async function startLinks(
  coordinator: BenchCoordinator,
  folder: string,
  count: number,
  welcomed: () => void,
): Promise<Crowd> {
  const clock = new SystemClock();
  const links: Running[] = [];
  const startOne = async (index: number) => {
    const name = `idle-${index}`;
    const identity = await patiently(async () => {
      return await enrol({ ...(await coordinator.joinLine(name)), name, dataDir: join(folder, name) });
    });
    const over = new AbortController();
    links.push({ over, ended: linkOf(identity, clock, welcomed).run(over.signal) });
  };
  for (let at = 0; at < count; at += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - at) }, (_, i) => startOne(at + i));
    await Promise.all(some);
  }
  return { sources: [], end: () => allEnded(links) };
}

/** A machine that is busy with two thousand links may let a join wait too long: another try, as a roll-out would. */
async function patiently<Result>(action: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await action();
    } catch (error) {
      if (tries === MAX_TRIES) throw error;
    }
  }
}

const MAX_TRIES = 5;

/** Joins under way together: a fleet is not rolled out in one second. */
const AT_ONCE = 20;

function linkOf(
  identity: Parameters<typeof identityCredentials>[0],
  clock: SystemClock,
  welcomed: () => void,
): Link {
  const hello = {
    ...{ version: '0.1.0', protocol: 1, hostname: identity.name, bootId: identity.name, platform: 'Linux' },
    ...{ backEnds: [], interfaces: [], tapIds: [], limits: [], dataDirectory: '', consentOwners: [] },
  };
  const vitals = { wallMinusMonotonicNs: 0n, rssBytes: 0n, spoolBytes: 0n, taps: [] };
  return new Link(
    {
      ...{ target: identity.address, credentials: identityCredentials(identity), logger },
      ...{ exchange: new ClockExchange(clock), heartbeatMs: HEARTBEAT_MS, random: Math.random },
    },
    {
      hello: () => hello,
      vitals: () => vitals,
      tapStates: () => [],
      shipments: () => [],
      command: () => undefined,
      findPod: async ({ searchId }) => ({ searchId, pods: [], reason: '', code: '', near: [], seen: 0 }),
      fetchRaw: ({ fetchId }) => ({
        head: { fetchId, reason: 'keeps nothing', code: 'not-found', lacks: '', bytes: 0n },
        pieces: [],
      }),
      welcomed,
      authorities: () => undefined,
    },
  );
}

interface Running {
  readonly over: AbortController;
  readonly ended: Promise<void>;
}

async function allEnded(running: readonly Running[]): Promise<void> {
  for (const { over } of running) over.abort();
  await Promise.all(running.map(({ ended }) => ended));
}
