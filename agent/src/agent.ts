import { getPriority, setPriority } from 'node:os';
import { BothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import { assemble } from './assembly.js';
import { SystemClock } from './clock/clock.js';
import { type CaptureKit, hostKit } from './control/capture-kit.js';
import { lockDirectory } from './control/directory-lock.js';
import type { Taps } from './control/taps/taps.js';
import type { Channel } from './pods/protocol.js';
import { PolicyInForce } from './policy/in-force.js';
import { type Identity, loadIdentity } from './uplink/identity.js';
import type { Link } from './uplink/link.js';
import { VERSION } from './version.js';
import { keepWatch } from './watches.js';

/** What an agent runs on. */
export interface AgentOptions {
  /** Where the identity and the spools are. The agent must have joined: see `enrol`. */
  readonly dataDir: string;
  /** Policy file in YAML; without one the default policy holds. */
  readonly policyPath?: string;
  /** Where `runAgent` reaches a broker that enters pods for it; absent: it captures on the host only. */
  readonly podChannel?: Channel;
}

/** What the agent takes from its surroundings; all but the first two have the system's as defaults. */
export interface AgentSurroundings {
  readonly logger: Logger;
  /** Aborting it ends the agent in good order: taps are closed, what they have is shipped or left on disk. */
  readonly signal: AbortSignal;
  readonly clock?: SystemClock;
  /** Uniform in [0, 1). */
  readonly random?: () => number;
  readonly kit?: CaptureKit;
  /** Calls back when the policy file is to be read again, until the returned function is called. */
  readonly onReload?: (handler: () => void) => () => void;
}

/** How long the end waits for the last commits: a service manager's patience is ten times as long. */
const DRAIN_MS = 5000;

/**
 * Runs an agent until `signal`: keeps the link to the coordinator, and records and ships what it asks for.
 * Throws `failed-precondition` when the agent has not joined or another one runs on its data, `invalid-argument` for a
 * bad policy file.
 */
export async function runAgent(options: AgentOptions, surroundings: AgentSurroundings): Promise<void> {
  const { dataDir, policyPath, podChannel = null } = options;
  const { logger, signal, clock = new SystemClock(), random = Math.random, kit = hostKit } = surroundings;
  const identity = requireIdentity(dataDir);
  const inForce = new PolicyInForce(policyPath, logger);
  const policy = () => inForce.current;
  const unlock = await lockDirectory(dataDir);
  const agent = await assemble({ identity, dataDir, podChannel, policy, logger, clock, random, kit });
  const { link, taps, signsWith } = agent;
  await taps.restore();
  logger.info(
    { agent: identity.name, coordinator: identity.address, version: VERSION, signsWith },
    'agent runs',
  );
  // Never less nice than whoever started it wants.
  setPriority(Math.max(getPriority(), inForce.current.nice));
  const stopWatches = keepWatch({ ...agent, clock, logger, policy }, dataDir);
  const stopReloading = surroundings.onReload?.(() => {
    inForce.reload();
    link.introduce();
  });
  await untilDrained(link, taps, signal);
  stopReloading?.();
  stopWatches();
  unlock();
  logger.info('agent ends');
}

/** The link outlives the signal until what the taps have is committed, as far as that goes quickly. */
async function untilDrained(link: Link, taps: Taps, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const running = link.run(over.signal);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await taps.drain(DRAIN_MS);
  over.abort();
  await running;
}

function requireIdentity(dataDir: string): Identity {
  const identity = loadIdentity(dataDir);
  if (identity) return identity;
  throw new BothendsError(
    'failed-precondition',
    `this agent has not joined a coordinator yet (no identity in ${dataDir}): run the join line that ` +
      '"bothends coordinator" printed, or make a new one with "bothends join-token"',
  );
}
