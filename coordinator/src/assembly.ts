import type { KeyObject } from 'node:crypto';
import { msOf } from '@bothends/proto';
import type { Server } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Analyst } from './analysis/analysis.js';
import { Captures } from './captures/captures.js';
import { Fleet } from './fleet/fleet.js';
import { Ingest } from './ingest/ingest.js';
import { agentLinkService } from './serve/agent-link.js';
import { Audit } from './serve/audit/audit.js';
import { auditedAgents } from './serve/audit/audited-agents.js';
import { bothendsService } from './serve/bothends.js';
import { authoriseCalls, type Refusal } from './serve/guard/authorise.js';
import { CallRate } from './serve/guard/call-rate.js';
import { OpenCalls } from './serve/guard/open-calls.js';
import { joinService } from './serve/join.js';
import { RawExports } from './serve/raw-exports.js';
import { createServer, MAX_STREAMS } from './serve/server.js';
import type { Store } from './store/store.js';
import type { Clock } from './time.js';
import { Agents } from './trust/agents.js';
import type { Authority } from './trust/authority.js';
import type { IssuedCertificate } from './trust/ca.js';
import { CurrentCertificates, replacedError } from './trust/current-certificates.js';
import type { Identity } from './trust/identity.js';
import { type ConnectionTrust, Rotation } from './trust/rotation.js';
import type { TokenMaker } from './trust/token-maker.js';
import { Users } from './trust/users.js';
import type { FrontSources } from './web/front.js';
import type { LoginLinks } from './web/sign-in/login-links.js';
import type { Whereabouts } from './whereabouts.js';

/** What the data directory holds, opened. */
export interface Opened {
  clock: Clock;
  store: Store;
  authority: Authority;
  signingKey: KeyObject;
}

export interface Parts extends Opened {
  logger: Logger;
  analyst: Analyst;
  version: string;
  tokens: TokenMaker;
  links: LoginLinks | null;
  whereabouts: Whereabouts;
  connections: ConnectionTrust;
  /** Ends a user's sessions at the page. */
  signOut(name: string): void;
}

/** A coordinator that is put together, and does not listen yet. */
export interface Assembled {
  server: Server;
  captures: Captures;
  /** Deletes a capture that is over, with its evidence. */
  remove(captureId: string): Promise<void>;
  /** What the page shows. */
  sources: FrontSources;
  users: Users;
}

/** Who may come in, and who is there. */
interface Membership {
  fleet: Fleet;
  certificates: CurrentCertificates;
  users: Users;
  agents: Agents;
}

/** Puts the parts together and resumes what an earlier run left. */
export async function assemble(parts: Parts): Promise<Assembled> {
  const { clock, store, logger, analyst, whereabouts } = parts;
  const audit = new Audit(store, clock, logger);
  const membership = await rememberMembers(parts);
  const { fleet, users } = membership;
  const captures = new Captures({ store, fleet, clock, logger, endpoint: whereabouts.endpoint, analyst });
  fleet.listen(auditedAgents(captures.events, audit));
  await captures.resume();
  const ingest = new Ingest(store, captures.events);
  const sources = { captures, fleet, ingest, store, analyst, audit };
  const remove = async (captureId: string) => {
    const { taps } = await captures.delete(captureId);
    ingest.forget(taps.map(({ id }) => id));
    await audit.record('', 'delete', captureId, 'done', 'its time to be kept is over');
  };
  return { server: serverOf(parts, membership, sources), captures, remove, sources, users };
}

/** Agents and users of earlier runs, with the certificates that hold for each. */
async function rememberMembers({ clock, store, authority, version, logger }: Parts): Promise<Membership> {
  const unstored = (what: string) => (error: unknown) =>
    logger.error({ error: String(error) }, `${what} not stored`);
  const fleet = new Fleet({
    clock,
    version,
    authorities: () => authority.digest,
    seen: (name, nowNs) => void store.agentSeen(name, nowNs).catch(unstored('last seen')),
  });
  const certificates = new CurrentCertificates((holder, identity) => {
    const register = holder === 'agent' ? agents : users;
    register.promote(identity).catch(unstored('renewed certificate'));
  });
  const users = new Users({ store, authority, clock, certificates });
  const agents = new Agents({ store, authority, certificates });
  for (const user of await store.users()) certificates.set(user.name, user);
  for (const agent of await store.agents()) {
    certificates.set(agent.name, { ...agent, role: 'agent' });
    fleet.remember(agent.name, agent.lastSeenNs);
  }
  return { fleet, certificates, users, agents };
}

function serverOf(parts: Parts, membership: Membership, sources: FrontSources): Server {
  const { clock, store, authority, logger, whereabouts, version } = parts;
  const { fleet, certificates, users, agents } = membership;
  const { audit, captures, ingest } = sources;
  const { check, refused } = guardOf(parts, membership, sources);
  const enrolled = (name: string, { serial, issuer }: IssuedCertificate) => {
    certificates.set(name, { role: 'agent', serial, nextSerial: '', issuer });
    fleet.remember(name, 0n);
    fleet.cut(name, replacedError(name));
  };
  const raw = new RawExports({ captures, fleet, clock });
  const rotation = new Rotation({ authority, certificates, fleet, connections: parts.connections });
  const { tokens, links, signingKey, signOut } = parts;
  const advertised = () => whereabouts.advertised;
  return createServer(
    {
      join: joinService({ authority, store, clock, audit, enrolled }),
      agentLink: agentLinkService({ fleet, ingest, clock, logger, check, agents, authority, raw, refused }),
      bothends: bothendsService({
        ...sources,
        tokens,
        links,
        clock,
        signingKey,
        users,
        agents,
        signOut,
        advertised,
        authority,
        rotation,
        raw,
        version,
      }),
    },
    authoriseCalls({
      check,
      rate: new CallRate(clock),
      open: new OpenCalls(MAX_STREAMS),
      refused,
      authorities: () => authority.digest,
      nowMs: () => msOf(clock.nowNs()),
    }),
  );
}

/** What is asked of every caller besides its role, and what becomes of those who are refused. */
function guardOf({ authority }: Parts, { certificates }: Membership, { audit }: FrontSources) {
  return {
    check: (caller: Identity) => {
      authority.requireTrusted(caller);
      certificates.check(caller);
    },
    refused: ({ path, peer, name, reason }: Refusal) =>
      void audit.record(name, path, peer, 'refused', reason),
  };
}
