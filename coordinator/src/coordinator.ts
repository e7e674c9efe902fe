import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { msOf } from '@bothends/proto';
import type { Logger } from 'pino';
import type { Analyst } from './analysis/analysis.js';
import { type Assembled, assemble, type Opened } from './assembly.js';
import { keepFor } from './captures/retention.js';
import { type Lifetime, lifetime } from './lifetime.js';
import { ServerTls } from './serve/guard/credentials.js';
import { type Listener, listen, shutDown } from './serve/server.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';
import { StoreHealth } from './store/sqlite/store-health.js';
import { type Clock, systemClock } from './time.js';
import { publishAdminContext } from './trust/admin-context.js';
import { openAuthority } from './trust/authority.js';
import type { Credentials } from './trust/ca.js';
import type { ConnectionTrust } from './trust/rotation.js';
import { openSigningKey } from './trust/signing-key.js';
import { type JoinToken, TokenMaker } from './trust/token-maker.js';
import { Front, type FrontOptions } from './web/front.js';
import { Whereabouts, type WhereaboutsOptions } from './whereabouts.js';

/** The page, metrics and webhook are off where nothing is said of them. */
export interface CoordinatorOptions extends WhereaboutsOptions, Partial<FrontOptions> {
  /** Everything that is kept: CA, database, the administrator's context. Made when missing. */
  dataDir: string;
  /** Where the CLI of this machine looks for its context; null to write none there. */
  contextPath?: string | null;
  /** How long captures are kept after their end, ms; null: until somebody deletes them. */
  keepMs?: number | null;
}

export interface CoordinatorTools {
  logger: Logger;
  /** Makes the verdicts; closed with the coordinator. */
  analyst: Analyst;
  /** Aborting it closes the coordinator. */
  signal?: AbortSignal;
  clock?: Clock;
}

/**
 * A coordinator that is listening. Closing it ends calls and keeps what is committed; captures go on at the agents
 * and are resumed by the next start.
 */
export interface CoordinatorHandle extends Lifetime {
  /** `host:port` for clients on this machine. */
  address: string;
  /** `host:port` for other hosts; join lines carry it. */
  advertised: string;
  port: number;
  caHash: string;
  /** The administrator's context file in the data directory. */
  contextPath: string;
  createJoinToken(name: string | null, validMs?: number): Promise<JoinToken>;
}

const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/**
 * Starts a coordinator; resolves when it takes calls.
 * @throws BothendsError `unavailable` when the port is in use, `failed-precondition` when another coordinator has the
 *   data directory, `data-loss` when the database is damaged
 */
export async function startCoordinator(
  options: CoordinatorOptions,
  tools: CoordinatorTools,
): Promise<CoordinatorHandle> {
  const clock = tools.clock ?? systemClock();
  const store = await SqliteStore.open(options.dataDir);
  try {
    const authority = await openAuthority(options.dataDir, () => msOf(clock.nowNs()));
    const signingKey = await openSigningKey(options.dataDir);
    return await serve(options, tools, { clock, store, authority, signingKey });
  } catch (error) {
    await tools.analyst.close();
    await store.close();
    throw error;
  }
}

async function serve(
  options: CoordinatorOptions,
  tools: CoordinatorTools,
  opened: Opened,
): Promise<CoordinatorHandle> {
  const { logger } = tools;
  const { clock, store, authority } = opened;
  const whereabouts = new Whereabouts(options);
  const advertised = () => whereabouts.advertised;
  const tokens = new TokenMaker(store, clock, advertised, () => authority.caHash);
  const health = new StoreHealth();
  const front = frontOf(options, { ...tools, clock, health }, whereabouts.host);
  const credentials = async () => await authority.serverCredentials(whereabouts.names);
  const tls = new ServerTls(authority, await credentials());
  const doors: Doors = { whereabouts, tls, front, credentials };
  const assembled = await assemble({
    ...opened,
    logger,
    analyst: front.analyst,
    version: VERSION,
    tokens,
    whereabouts,
    connections: connectionsOf(doors),
    links: front.links,
    signOut: (name) => front.signOut(name),
  });
  const { users } = assembled;
  const listener = await open(assembled, doors);
  const contextPath = join(options.dataDir, 'context.json');
  await publishAdminContext({
    authority,
    users,
    logger,
    address: whereabouts.local,
    ownPath: contextPath,
    cliPath: options.contextPath ?? null,
  });
  const { listenOn: address } = whereabouts;
  logger.info({ address, advertised: advertised(), version: VERSION }, 'coordinator listening');
  health.examine(options.dataDir, logger);
  const stopKeeping = keepCaptures(options, { clock, logger }, assembled);
  const running = lifetime(tools.signal, async () => {
    stopKeeping();
    await stopServing(assembled, listener, front);
    await tools.analyst.close();
    await Promise.all([health.close(), store.close()]);
    logger.info('coordinator stopped');
  });
  return {
    address: whereabouts.local,
    advertised: advertised(),
    port: whereabouts.endpoint.port,
    get caHash() {
      return authority.caHash;
    },
    contextPath,
    createJoinToken: async (name, validMs) => await tokens.create(name, validMs),
    ...running,
  };
}

/** The ways in: gRPC and the page. */
interface Doors {
  whereabouts: Whereabouts;
  tls: ServerTls;
  front: Front;
  /** Certificates for the page, where it has none of its own. */
  credentials(): Promise<Credentials>;
}

/** What happens to the doors when the fleet's authority is replaced. */
function connectionsOf({ tls, front, credentials }: Doors): ConnectionTrust {
  return {
    retrust: () => tls.retrust(),
    reissue: async () => {
      tls.present(await credentials());
      await front.renewCertificate(credentials);
    },
  };
}

/** Takes calls, and serves the page; where one of them fails, neither. */
async function open({ server, captures, sources }: Assembled, doors: Doors): Promise<Listener> {
  const { whereabouts, tls, front, credentials } = doors;
  let listener: Listener | null = null;
  try {
    listener = await listen(
      server,
      whereabouts.listenOn,
      tls.server,
      (peer, reason) => void sources.audit.record('', 'connect', peer, 'refused', reason),
    );
    whereabouts.endpoint.port = listener.port;
    await front.open(sources, credentials);
    return listener;
  } catch (error) {
    listener?.close();
    server.forceShutdown();
    await front.close();
    captures.close();
    await captures.settled();
    throw error;
  }
}

/** Ends all calls and the page, and lets what is under way settle. */
async function stopServing({ captures, server }: Assembled, listener: Listener, front: Front): Promise<void> {
  // First, or the end of the agents' links would count as agents that went away.
  captures.close();
  listener.close();
  await Promise.all([shutDown(server), front.close()]);
  await captures.settled();
}

/** Deletes captures whose time to be kept is over, until the returned function is called. */
function keepCaptures(
  { keepMs = null }: CoordinatorOptions,
  tools: { clock: Clock; logger: Logger },
  { captures, remove }: Assembled,
): () => void {
  return keepMs === null ? () => {} : keepFor({ ...tools, keepMs, list: () => captures.list(), remove });
}

function frontOf(
  { webAddress, webCredentials, webhook, dataDir }: CoordinatorOptions,
  { clock, logger, analyst, health }: CoordinatorTools & { clock: Clock; health: StoreHealth },
  host: string,
): Front {
  const options = {
    webAddress: webAddress ?? null,
    webCredentials: webCredentials ?? null,
    webhook: webhook ?? null,
  };
  return new Front(options, { dataDir, host, clock, logger, analyst, health, version: VERSION });
}
