import type { KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Server } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import { hostAddresses, isWildcard, joinHostPort, likelyHost, splitHostPort } from './addresses.js';
import type { Analyst } from './analysis/analysis.js';
import { Captures } from './captures/captures.js';
import { keepFor } from './captures/retention.js';
import { Fleet } from './fleet/fleet.js';
import { Ingest } from './ingest/ingest.js';
import { type Lifetime, lifetime } from './lifetime.js';
import { agentLinkService } from './serve/agent-link.js';
import { Audit } from './serve/audit.js';
import { auditedAgents } from './serve/audited-agents.js';
import { authoriseCalls } from './serve/authorise.js';
import { bothendsService } from './serve/bothends.js';
import { CallRate } from './serve/call-rate.js';
import { ServerTls } from './serve/credentials.js';
import { joinService } from './serve/join.js';
import { createServer, listen, shutDown } from './serve/server.js';
import { SqliteStore } from './store/sqlite/sqlite-store.js';
import type { Store } from './store/store.js';
import { type Clock, systemClock } from './time.js';
import { publishAdminContext } from './trust/admin-context.js';
import { Agents } from './trust/agents.js';
import { type Authority, openAuthority } from './trust/authority.js';
import type { IssuedCertificate } from './trust/ca.js';
import { CurrentCertificates, replacedError } from './trust/current-certificates.js';
import type { Identity } from './trust/identity.js';
import { type ConnectionTrust, Rotation } from './trust/rotation.js';
import { openSigningKey } from './trust/signing-key.js';
import { type JoinToken, TokenMaker } from './trust/token-maker.js';
import { Users } from './trust/users.js';
import { Front, type FrontOptions, type FrontSources } from './web/front.js';
import type { LoginLinks } from './web/sign-in/login-links.js';

/** The page, metrics and webhook are off where nothing is said of them. */
export interface CoordinatorOptions extends Partial<FrontOptions> {
  /** Everything that is kept: CA, database, the administrator's context. Made when missing. */
  dataDir: string;
  /** Where to listen, `host:port`; default `0.0.0.0:7443`. Port 0 takes a free one. */
  grpcAddress?: string;
  /** Where the CLI of this machine looks for its context; null to write none there. */
  contextPath?: string | null;
  /** `host` or `host:port` at which agents and people reach this coordinator; default: this host's address. */
  advertise?: string | null;
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

/** Where agents and people expect the coordinator's gRPC; join lines always name it. */
export const DEFAULT_PORT = 7443;

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
    const authority = await openAuthority(options.dataDir, () => Number(clock.nowNs() / 1_000_000n));
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
  const wanted = splitHostPort(options.grpcAddress ?? `0.0.0.0:${DEFAULT_PORT}`);
  const advertise = splitHostPort(
    options.advertise ?? (isWildcard(wanted.host) ? likelyHost() : wanted.host),
  );
  const endpoint = { port: wanted.port ?? DEFAULT_PORT, addresses: hostAddresses() };
  const advertised = () => joinHostPort({ host: advertise.host, port: advertise.port ?? endpoint.port });

  const tokens = new TokenMaker(store, clock, advertised, () => authority.caHash);
  const front = frontOf(options, { ...tools, clock }, advertise.host);
  const serverCredentials = async () =>
    await authority.serverCredentials([advertise.host, ...endpoint.addresses]);
  const tls = new ServerTls(authority, await serverCredentials());
  const connections: ConnectionTrust = {
    retrust: () => tls.retrust(),
    reissue: async () => {
      tls.present(await serverCredentials());
      await front.renewCertificate(serverCredentials);
    },
  };
  const { server, captures, remove, sources, users } = await assemble({
    ...{ ...opened, tokens, endpoint, advertised, connections },
    tools: { ...tools, analyst: front.analyst },
    links: front.links,
    signOut: (name) => front.signOut(name),
  });
  const listenOn = joinHostPort({ host: wanted.host || '0.0.0.0', port: endpoint.port });
  let stopListening = () => {};
  try {
    const listener = await listen(
      server,
      listenOn,
      tls.server,
      (peer, reason) => void sources.audit.record('', 'connect', peer, 'refused', reason),
    );
    endpoint.port = listener.port;
    stopListening = () => listener.close();
    await front.open(sources, serverCredentials);
  } catch (error) {
    stopListening();
    server.forceShutdown();
    await front.close();
    captures.close();
    await captures.settled();
    throw error;
  }

  const address = joinHostPort({
    host: isWildcard(wanted.host) ? '127.0.0.1' : wanted.host,
    port: endpoint.port,
  });
  const contextPath = join(options.dataDir, 'context.json');
  await publishAdminContext({
    ...{ authority, users, logger, address },
    ownPath: contextPath,
    cliPath: options.contextPath ?? null,
  });
  logger.info({ address: listenOn, advertised: advertised(), version: VERSION }, 'coordinator listening');
  const keepMs = options.keepMs ?? null;
  const stopKeeping =
    keepMs === null ? () => {} : keepFor({ clock, logger, keepMs, list: () => captures.list(), remove });
  const running = lifetime(tools.signal, async () => {
    stopKeeping();
    // First, or the end of the agents' links would count as agents that went away.
    captures.close();
    stopListening();
    await Promise.all([shutDown(server), front.close()]);
    await captures.settled();
    await tools.analyst.close();
    await store.close();
    logger.info('coordinator stopped');
  });
  return {
    address,
    advertised: advertised(),
    port: endpoint.port,
    get caHash() {
      return authority.caHash;
    },
    contextPath,
    createJoinToken: async (name, validMs) => await tokens.create(name, validMs),
    ...running,
  };
}

function frontOf(
  { webAddress, webCredentials, webhook, dataDir }: CoordinatorOptions,
  { clock, logger, analyst }: CoordinatorTools & { clock: Clock },
  host: string,
): Front {
  const options = {
    webAddress: webAddress ?? null,
    webCredentials: webCredentials ?? null,
    webhook: webhook ?? null,
  };
  return new Front(options, { dataDir, host, clock, logger, analyst, version: VERSION });
}

/** What the data directory holds, opened. */
interface Opened {
  clock: Clock;
  store: Store;
  authority: Authority;
  signingKey: KeyObject;
}

interface Parts extends Opened {
  tools: CoordinatorTools;
  tokens: TokenMaker;
  links: LoginLinks | null;
  endpoint: { port: number; addresses: string[] };
  /** `host:port` for other hosts. */
  advertised(): string;
  connections: ConnectionTrust;
  /** Ends a user's sessions at the page. */
  signOut(name: string): void;
}

interface Assembled {
  server: Server;
  captures: Captures;
  /** Deletes a capture that is over, with its evidence. */
  remove(captureId: string): Promise<void>;
  /** What the page shows. */
  sources: FrontSources;
  users: Users;
}

/** Puts the parts together and resumes what an earlier run left; nothing listens yet. */
async function assemble(parts: Parts): Promise<Assembled> {
  const { clock, store, authority, signingKey, tokens, links, endpoint, advertised, signOut } = parts;
  const { logger, analyst } = parts.tools;
  const audit = new Audit(store, clock, logger);
  const fleet = new Fleet({
    clock,
    version: VERSION,
    authorities: () => authority.digest,
    seen: (name, nowNs) => {
      store
        .agentSeen(name, nowNs)
        .catch((error) => logger.error({ error: String(error) }, 'last seen not stored'));
    },
  });
  const certificates = new CurrentCertificates((holder, identity) => {
    const promoted = holder === 'agent' ? agents.promote(identity) : users.promote(identity);
    promoted.catch((error) => logger.error({ error: String(error) }, 'renewed certificate not stored'));
  });
  const users = new Users({ store, authority, clock, certificates });
  const agents = new Agents({ store, authority, certificates });
  for (const user of await store.users()) certificates.set(user.name, user);
  for (const agent of await store.agents()) {
    certificates.set(agent.name, { ...agent, role: 'agent' });
    fleet.remember(agent.name, agent.lastSeenNs);
  }
  const enrolled = (name: string, { serial, issuer }: IssuedCertificate) => {
    certificates.set(name, { role: 'agent', serial, nextSerial: '', issuer });
    fleet.remember(name, 0n);
    fleet.cut(name, replacedError(name));
  };
  const captures = new Captures({ store, fleet, clock, logger, endpoint, analyst });
  fleet.listen(auditedAgents(captures.events, audit));
  await captures.resume();
  const ingest = new Ingest(store, captures.events);
  const remove = async (captureId: string) => {
    const { taps } = await captures.delete(captureId);
    ingest.forget(taps.map(({ id }) => id));
    await audit.record('', 'delete', captureId, 'done', 'its time to be kept is over');
  };
  const check = (caller: Identity) => {
    authority.requireTrusted(caller);
    certificates.check(caller);
  };
  const rotation = new Rotation({ authority, certificates, fleet, connections: parts.connections });
  const sources = { captures, fleet, ingest, store, analyst, audit };
  const server = createServer(
    {
      join: joinService({ authority, store, clock, audit, enrolled }),
      agentLink: agentLinkService({ fleet, ingest, clock, logger, check, agents, authority }),
      bothends: bothendsService({
        ...{ ...sources, tokens, links, clock, signingKey, users, agents, signOut, advertised },
        ...{ authority, rotation },
        version: VERSION,
      }),
    },
    authoriseCalls({
      check,
      rate: new CallRate(clock),
      refused: ({ path, peer, name, reason }) => {
        void audit.record(name, path, peer, 'refused', reason);
      },
      authorities: () => authority.digest,
      nowMs: () => Number(clock.nowNs() / 1_000_000n),
    }),
  );
  return { server, captures, remove, sources, users };
}
