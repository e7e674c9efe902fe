import { randomBytes } from 'node:crypto';
import { getPriority, setPriority } from 'node:os';
import { join } from 'node:path';
import { BothendsError, toBothendsError } from '@bothends/proto';
import { keyFingerprint, publicKeyDer } from '@bothends/proto/evidence/keys';
import type { Logger } from 'pino';
import { backEnds } from './capture/registry.js';
import { SystemClock } from './clock/clock.js';
import { ClockExchange } from './clock/exchange.js';
import { type CaptureKit, hostKit } from './control/capture-kit.js';
import { makeExchangeKey } from './control/digest-key.js';
import { directoryIdentity, lockDirectory } from './control/directory-lock.js';
import { type Introduction, makeHello } from './control/hello.js';
import { thisHost } from './control/host.js';
import { sendDatagram } from './control/marker.js';
import { Taps } from './control/taps/taps.js';
import { BrokerClient } from './pods/client.js';
import { PodsOfNode } from './pods/node.js';
import type { Channel } from './pods/protocol.js';
import { readPolicy } from './policy/parse.js';
import type { Policy } from './policy/policy.js';
import { HostAudit } from './raw/host-audit.js';
import { RawExporter } from './raw/raw-export.js';
import { RawStore } from './raw/raw-store.js';
import { signedShipments } from './sign/signed-shipment.js';
import { openSigningKey } from './sign/signing-key.js';
import { type Identity, loadIdentity } from './uplink/identity.js';
import { IdentityKeeper } from './uplink/identity-keeper.js';
import { Link } from './uplink/link.js';
import type { LinkHost } from './uplink/session.js';
import { VERSION } from './version.js';
import { keepWatch } from './watches.js';

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

/** The coordinator takes an agent for dead after three and a half of these. */
const HEARTBEAT_MS = 1000;
/** How long the end waits for the last commits: a service manager's patience is ten times as long. */
const DRAIN_MS = 5000;

/**
 * Runs an agent until `signal`: keeps the link to the coordinator, and records and ships what it asks for.
 * Throws `failed-precondition` when the agent has not joined or another one runs on its data, `invalid-argument` for a
 * bad policy file.
 */
export async function runAgent(options: AgentOptions, surroundings: AgentSurroundings): Promise<void> {
  const { logger, signal, clock = new SystemClock(), random = Math.random } = surroundings;
  const identity = requireIdentity(options.dataDir);
  let inForce = readPolicy(options.policyPath);
  const policy = () => inForce;
  const unlock = await lockDirectory(options.dataDir);
  const host = thisHost();
  await host.survey();
  const signingKey = openSigningKey(options.dataDir);
  const keeper = new IdentityKeeper(identity, options.dataDir, logger);
  const exchangeKey = makeExchangeKey();
  const exchange = new ClockExchange(clock);
  const broker = options.podChannel === undefined ? null : new BrokerClient(options.podChannel);
  const pods = new PodsOfNode(identity.name, policy, broker);
  const audit = new HostAudit(join(options.dataDir, 'audit.log'), () => clock.wallNs());
  const { name } = identity;
  const nowMs = () => Number(clock.wallNs() / 1_000_000n);
  const raw = new RawStore({ directory: join(options.dataDir, 'raw'), name, policy, audit, logger });
  const taps = new Taps({
    name,
    raw,
    host,
    pods,
    clock,
    logger,
    policy,
    exchangeKey,
    kit: surroundings.kit ?? hostKit,
    randomBytes,
    sendDatagram,
    directory: join(options.dataDir, 'spool'),
    report: (state) => link.report(state),
    pump: () => link.pump(),
    connected: () => link.connected,
  });
  const settings = {
    target: identity.address,
    // Read for every connection.
    get credentials() {
      return keeper.credentials;
    },
    exchange,
    heartbeatMs: HEARTBEAT_MS,
    logger,
    random,
  };
  const link = new Link(
    settings,
    await linkHost(
      { taps, pods, raw: new RawExporter({ name, store: raw, policy, audit, nowMs }) },
      clock,
      logger,
      {
        ...{ host, policy, signingKey, exchangeKey },
        dataDirectory: directoryIdentity(options.dataDir),
        follow: async (authorities) => {
          if (await keeper.follow(authorities)) link.reconnect();
        },
      },
    ),
  );
  await taps.restore();
  const signsWith = keyFingerprint(publicKeyDer(signingKey));
  logger.info(
    { agent: identity.name, coordinator: identity.address, version: VERSION, signsWith },
    'agent runs',
  );
  // Never less nice than whoever started it wants.
  setPriority(Math.max(getPriority(), inForce.nice));
  const stopWatches = keepWatch(
    { host, taps, raw, link, keeper, exchange, clock, logger, policy },
    options.dataDir,
  );
  const stopReloading = surroundings.onReload?.(() => {
    inForce = reloadPolicy(options.policyPath, inForce, logger);
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

/** The agent as its link sees it. */
async function linkHost(
  { taps, pods, raw }: { taps: Taps; pods: PodsOfNode; raw: RawExporter },
  clock: SystemClock,
  logger: Logger,
  own: Omit<Introduction, 'version' | 'probed'> & { follow: (authorities: string) => Promise<void> },
): Promise<LinkHost> {
  const introduction = { version: VERSION, probed: await backEnds(), ...own };
  return {
    hello: () => makeHello(introduction, taps.ids()),
    vitals: () => ({
      wallMinusMonotonicNs: clock.wallMinusMonotonicNs(),
      rssBytes: BigInt(process.memoryUsage.rss()),
      spoolBytes: BigInt(taps.spoolBytes),
      taps: taps.progress(),
    }),
    tapStates: () => taps.states(),
    shipments: () => signedShipments(taps.all(), own.signingKey),
    command: (command) => taps.command(command),
    findPod: (question) => pods.find(question),
    fetchRaw: (request) => raw.answer(request),
    welcomed: () => logger.info('linked to the coordinator'),
    authorities: (named) => void own.follow(named),
  };
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

/**
 * The policy that the file says now; the one in force where it says nothing that is valid. Taps that run already keep
 * what they were allowed.
 */
function reloadPolicy(path: string | undefined, inForce: Policy, logger: Logger): Policy {
  try {
    const policy = readPolicy(path);
    logger.info({ policy: path }, 'policy read again: it holds for the next captures');
    return policy;
  } catch (error) {
    logger.error(
      { reason: toBothendsError(error).message },
      'policy not reloaded: the one before stays in force',
    );
    return inForce;
  }
}
