import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { msOf } from '@bothends/proto';
import { keyFingerprint, publicKeyDer } from '@bothends/proto/evidence/keys';
import type { Logger } from 'pino';
import { backEnds } from './capture/registry.js';
import type { SystemClock } from './clock/clock.js';
import { ClockExchange } from './clock/exchange.js';
import type { CaptureKit } from './control/capture-kit.js';
import { makeExchangeKey } from './control/digest-key.js';
import { directoryIdentity } from './control/directory-lock.js';
import { type Introduction, makeHello } from './control/hello.js';
import { type Host, thisHost } from './control/host.js';
import { sendDatagram } from './control/marker.js';
import { Taps } from './control/taps/taps.js';
import { BrokerClient } from './pods/client.js';
import { PodsOfNode } from './pods/node.js';
import type { Channel } from './pods/protocol.js';
import type { Policy } from './policy/policy.js';
import { HostAudit } from './raw/host-audit.js';
import { RawExporter } from './raw/raw-export.js';
import { RawStore } from './raw/raw-store.js';
import { signedShipments } from './sign/signed-shipment.js';
import { openSigningKey } from './sign/signing-key.js';
import type { Identity } from './uplink/identity.js';
import { IdentityKeeper } from './uplink/identity-keeper.js';
import { Link } from './uplink/link.js';
import type { LinkHost } from './uplink/session.js';
import { VERSION } from './version.js';

/** What an agent is made from. */
export interface Ingredients {
  readonly identity: Identity;
  readonly dataDir: string;
  /** Null: it captures on the host only. */
  readonly podChannel: Channel | null;
  readonly policy: () => Policy;
  readonly logger: Logger;
  readonly clock: SystemClock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly kit: CaptureKit;
}

/** An agent that is put together, and has neither taken up its taps nor linked to its coordinator. */
export interface Assembled {
  readonly host: Host;
  readonly taps: Taps;
  readonly raw: RawStore;
  readonly link: Link;
  readonly keeper: IdentityKeeper;
  readonly exchange: ClockExchange;
  /** Fingerprint of the key that signs its batches. */
  readonly signsWith: string;
}

/** The coordinator takes an agent for dead after three and a half of these. */
const HEARTBEAT_MS = 1000;

/**
 * Puts an agent together.
 * @throws BothendsError `failed-precondition` when its signing key is there but of no use
 */
export async function assemble(from: Ingredients): Promise<Assembled> {
  const { identity, dataDir, policy, logger, clock } = from;
  const shared = { name: identity.name, policy, logger };
  const host = thisHost();
  await host.survey();
  const signingKey = openSigningKey(dataDir);
  const exchangeKey = makeExchangeKey();
  const broker = from.podChannel === null ? null : new BrokerClient(from.podChannel);
  const pods = new PodsOfNode(identity.name, policy, broker);
  const audit = new HostAudit(join(dataDir, 'audit.log'), () => clock.wallNs());
  const raw = new RawStore({ ...shared, audit, directory: join(dataDir, 'raw') });
  const nowMs = () => msOf(clock.wallNs());
  const rawExporter = new RawExporter({ ...shared, audit, store: raw, nowMs });
  const tools = { raw, host, pods, clock, exchangeKey, randomBytes, sendDatagram, kit: from.kit };
  const taps = new Taps({
    ...shared,
    ...tools,
    directory: join(dataDir, 'spool'),
    report: (state) => link.report(state),
    pump: () => link.pump(),
    connected: () => link.connected,
  });
  const [probed, dataDirectory] = [await backEnds(), directoryIdentity(dataDir)];
  const introduction = { version: VERSION, host, policy, signingKey, exchangeKey, probed, dataDirectory };
  const keeper = new IdentityKeeper(identity, dataDir, logger);
  const exchange = new ClockExchange(clock);
  const own = linkHost({ taps, pods, raw: rawExporter, clock, logger, introduction }, async (authorities) => {
    if (await keeper.follow(authorities)) link.reconnect();
  });
  const link = linkTo(identity.address, { keeper, exchange, logger, random: from.random }, own);
  return { host, taps, raw, link, keeper, exchange, signsWith: keyFingerprint(publicKeyDer(signingKey)) };
}

interface LinkParts {
  readonly keeper: IdentityKeeper;
  readonly exchange: ClockExchange;
  readonly logger: Logger;
  readonly random: () => number;
}

function linkTo(target: string, { keeper, ...parts }: LinkParts, host: LinkHost): Link {
  const options = {
    ...parts,
    target,
    heartbeatMs: HEARTBEAT_MS,
    // Read for every connection: certificates renew themselves.
    get credentials() {
      return keeper.credentials;
    },
  };
  return new Link(options, host);
}

interface LinkHostParts {
  readonly taps: Taps;
  readonly pods: PodsOfNode;
  readonly raw: RawExporter;
  readonly clock: SystemClock;
  readonly logger: Logger;
  readonly introduction: Introduction;
}

/** The agent as its link sees it; `follow` is told which authorities the coordinator has. */
function linkHost(parts: LinkHostParts, follow: (authorities: string) => Promise<void>): LinkHost {
  const { taps, pods, raw, clock, logger, introduction } = parts;
  return {
    hello: () => makeHello(introduction, taps.ids()),
    vitals: () => ({
      wallMinusMonotonicNs: clock.wallMinusMonotonicNs(),
      rssBytes: BigInt(process.memoryUsage.rss()),
      spoolBytes: BigInt(taps.spoolBytes),
      taps: taps.progress(),
    }),
    tapStates: () => taps.states(),
    shipments: () => signedShipments(taps.all(), introduction.signingKey),
    command: (command) => taps.command(command),
    findPod: (question) => pods.find(question),
    fetchRaw: (request) => raw.answer(request),
    welcomed: () => logger.info('linked to the coordinator'),
    authorities: (named) => void follow(named),
  };
}
