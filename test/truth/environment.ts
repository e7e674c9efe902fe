import type { Random } from './random.js';
import type { Offloads } from './sim/nic.js';
import type { PathSettings } from './sim/path.js';
import { MS, SECOND } from './sim/scheduler.js';
import { type ClockFault, NO_TAP_FAULT, type SecondLook, type TapFault } from './sim/tap.js';
import type { Identification } from './sim/tcp/segments.js';
import type { TcpSettings } from './sim/tcp/settings.js';
import type { LinkKind } from './wire/link.js';
import type { Side } from './wire/packets.js';
import type { Resolution } from './wire/pcap.js';

/** Everything around a conversation that must not change who did what. */
export interface Environment {
  readonly family: 4 | 6;
  readonly path: PathSettings;
  /** Source NAT near the client. */
  readonly nat: boolean;
  /** Destination NAT near the server: the client knows it by another address. */
  readonly virtualServer: boolean;
  /** Routers that one of two equal-cost ways has more than the other, packets going by either; 0 for one way. */
  readonly extraHops: number;
  /** What a device makes of IPv4 identifications on the way: numbers of its own, or 0. */
  readonly renumbering: 'none' | 'random' | 'zero';
  /** Constant that a device adds to the client's sequence numbers; 0 for none. */
  readonly sequenceShift: number;
  readonly tcp: Record<Side, TcpSettings>;
  readonly ttl: Record<Side, number>;
  readonly identification: Record<Side, Identification>;
  readonly link: Record<Side, LinkKind>;
  readonly offloads: Record<Side, Offloads>;
  readonly clocks: Record<Side, ClockFault>;
  readonly faults: Record<Side, TapFault>;
  readonly secondLook: Record<Side, SecondLook | null>;
  readonly resolution: Resolution;
  readonly snaplen: Record<Side, number>;
  /** Unrelated connections that only one tap sees. */
  readonly strangers: number;
}

/** How much is allowed to be wrong with the taps of a run. */
export type TapHealth = 'sound' | 'faulty';

/** 2026-01-01T00:00:00Z: an epoch for files; nothing depends on it. */
const EPOCH_NS = 1_767_225_600_000_000_000n;
const HOUR_NS = 3_600 * SECOND;

/** Draws the surroundings of a run. `lengthNs` is about how long the conversation takes. */
export function drawEnvironment(random: Random, health: TapHealth, lengthNs: number): Environment {
  const family = random.chance(0.3) ? 6 : 4;
  const path = drawPath(random);
  const timestamps = random.chance(0.85);
  const sack = random.chance(0.9);
  const ecn = random.chance(0.15);
  const side = () => drawTcp(random, { timestamps, sack, ecn });
  const offloads = () => ({ segmentation: random.chance(0.4), receive: random.chance(0.4) });
  const fault = () =>
    health === 'faulty' && random.chance(0.7) ? drawFault(random, lengthNs) : NO_TAP_FAULT;
  const ttl = () => random.pick([64, 64, 64, 128, 255]);
  const identification = () =>
    random.pick<Identification>(['counting', 'counting', 'counting', 'random', 'zero']);
  const link = (): LinkKind =>
    random.pick<LinkKind>([
      'ethernet',
      'ethernet',
      'ethernet',
      'cooked',
      'cooked',
      'vlan',
      'raw',
      'gre',
      'vxlan',
    ]);
  const links = { client: link(), server: link() };
  return {
    family,
    path,
    nat: family === 4 && random.chance(0.2),
    virtualServer: family === 4 && random.chance(0.1),
    sequenceShift: random.chance(0.1) ? random.word() : 0,
    tcp: { client: side(), server: side() },
    ttl: { client: ttl(), server: ttl() },
    identification: { client: identification(), server: identification() },
    link: links,
    offloads: { client: offloads(), server: offloads() },
    clocks: { client: drawClock(random, lengthNs), server: drawClock(random, lengthNs) },
    faults: { client: fault(), server: fault() },
    resolution: random.chance(0.2) ? 'microseconds' : 'nanoseconds',
    snaplen: drawSnaplen(random, links),
    strangers: random.chance(0.4) ? random.integer(1, 4) : 0,
    extraHops: random.chance(0.08) ? random.integer(1, 4) : 0,
    renumbering: family === 4 && random.chance(0.08) ? random.pick(['random', 'zero'] as const) : 'none',
    secondLook: { client: drawSecondLook(random), server: drawSecondLook(random) },
  };
}

/** Switches and bridges hand the second sight on within some µs. */
function drawSecondLook(random: Random): SecondLook | null {
  return random.chance(0.04) ? { laterNs: random.scale(1_000, 60_000), bridged: random.chance(0.5) } : null;
}

const SNAPLENS = [96, 128, 192, 256, 65_535] as const;
/** Behind a tunnel's headers a short snaplen would leave no TCP header. */
const TUNNEL_SNAPLEN = 256;

/** Two people who each typed a tcpdump command rarely typed the same one. */
function drawSnaplen(random: Random, links: Record<Side, LinkKind>): Record<Side, number> {
  const usual = random.pick(SNAPLENS);
  const other = random.chance(0.3) ? random.pick(SNAPLENS) : usual;
  const needed = (kind: LinkKind) => (kind === 'gre' || kind === 'vxlan' ? TUNNEL_SNAPLEN : 0);
  return {
    client: Math.max(usual, needed(links.client)),
    server: Math.max(other, needed(links.server)),
  };
}

function drawPath(random: Random): PathSettings {
  const oneWay = random.scale(0.1 * MS, 80 * MS);
  const skew = random.chance(0.5) ? 1 : random.between(0.4, 2);
  return {
    hops: random.integer(3, 12),
    delayNs: { 'toward-server': oneWay, 'toward-client': oneWay * skew },
    jitterNs: random.chance(0.6) ? oneWay * random.between(0, 0.3) : 0,
    bitsPerSecond: random.pick([100e6, 1e9, 10e9]),
  };
}

function drawTcp(random: Random, agreed: Pick<TcpSettings, 'timestamps' | 'sack' | 'ecn'>): TcpSettings {
  return {
    ...agreed,
    mss: random.pick([1460, 1460, 1440, 1360, 8960]),
    windowScale: random.integer(0, 10),
    receiveBuffer: random.pick([65_535, 131_072, 262_144]),
    tos: random.pick([0, 0, 0, 0x10, 0x48]),
  };
}

/** Hosts are off by up to hours, drift by up to 100 ppm, and now and then are set in mid-capture. */
function drawClock(random: Random, lengthNs: number): ClockFault {
  const offset = random.chance(0.5)
    ? random.between(-5 * HOUR_NS, 5 * HOUR_NS)
    : random.between(-50 * MS, 50 * MS);
  const steps = random.chance(0.08);
  return {
    epochNs: EPOCH_NS + BigInt(Math.round(offset)),
    driftPpm: random.chance(0.5) ? random.between(-100, 100) : random.between(-5, 5),
    step: steps ? { atNs: random.between(0, lengthNs), byNs: drawStep(random) } : null,
  };
}

/** Set by hand, or nudged by a time daemon that steps from a few ms on. */
function drawStep(random: Random): number {
  if (random.chance(0.5)) return random.between(-2 * SECOND, 2 * SECOND);
  return random.scale(MS, 100 * MS) * (random.chance(0.5) ? 1 : -1);
}

function drawFault(random: Random, lengthNs: number): TapFault {
  const outage = () => {
    const fromNs = random.between(0, lengthNs);
    return { fromNs, toNs: fromNs + random.scale(lengthNs / 1000, lengthNs / 3) };
  };
  switch (random.integer(0, 5)) {
    case 0:
      return { ...NO_TAP_FAULT, loss: random.scale(0.002, 0.3) };
    case 1:
      return { ...NO_TAP_FAULT, outages: Array.from({ length: random.integer(1, 3) }, outage) };
    case 2:
      return { ...NO_TAP_FAULT, startNs: random.between(0, lengthNs) };
    case 4:
      return { ...NO_TAP_FAULT, only: random.pick(['in', 'out'] as const) };
    case 3:
      return { ...NO_TAP_FAULT, endNs: random.between(lengthNs / 10, lengthNs) };
    default:
      return { ...NO_TAP_FAULT, loss: random.scale(0.002, 0.05), startNs: random.between(0, lengthNs / 2) };
  }
}
