import { formatDuration, type Grade, IpFlag, Tcp } from '@bothends/proto';
import { mayHaveArrived } from '../../facts/control.js';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { isOfUnknownSize, tooBigErrors, wireSize } from '../../facts/path-mtu.js';
import { repairsOf } from '../../facts/repair.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, strongest, strongestVouch, weakest } from '../../grade.js';
import { assume, type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';

/** Transmissions too large that must be lost: fewer can be a coincidence. */
const LEAST_LOST = 3;

/** They must spread over two retransmission timeouts (200 ms at least on Linux, doubling): no single burst. */
const LEAST_SPREAD_NS = 400_000_000;

/** Retransmissions without an answer that stand for the receiver's silence: the second RTO is past by then. */
const LEAST_AGAIN = 2;

/** A path that delivered this recently did not die of a pause: below the shortest timers of firewalls. */
const JUST_WORKED_NS = 1_000_000_000;

/** Every IPv4 host takes packets of this size (RFC 791), and no link in use has a smaller MTU. */
const LEAST_MTU = 576;

/**
 * No IPv6 link has a smaller MTU (RFC 8200, 5), and hardly any IPv4 one. Below it size is believed only where smaller packets
 * got through meanwhile: else the path was cut for all.
 */
const USUAL_LEAST_MTU = 1280;

/** Loss of packets that would fit, as a share of those sent: above it loss does not depend on size. */
const MOST_SMALL_LOSS = 0.05;

/** Sizes of a direction, bytes of IP packets on the wire, and who was lost by size. */
interface Sizes {
  delivered: number;
  /** Smallest lost of those above `delivered`. */
  smallest: number;
  large: Packet[];
  small: Packet[];
}

/** `pmtu-black-hole`: packets above a size die, smaller ones pass, and nobody tells the sender. */
export function pmtuBlackHole(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp') return [];
  return BOTH_WAYS.flatMap((toward) => {
    if (flow.sent(toward, Row.WAITING) < LEAST_LOST || flow.path(toward, Row.PAIRS) === 0) return [];
    const { repaired, open } = repairsOf(flow, toward, undelivered(flow, toward));
    const sizes = sizesOf(flow, toward, [...repaired, ...open]);
    return sizes ? blackHole(flow, toward, sizes) : [];
  });
}

/**
 * Data that left and is not seen to arrive, also where the receiver's capture ends too early to vouch for that: a
 * stalled receiver has nothing more to capture, and the sender's retransmissions say the same.
 */
function undelivered(flow: FlowFacts, toward: Toward): Packet[] {
  return flow.packets.filter(
    (p) => p.toward === toward && p.sent && !p.received && !p.copy && p.length > 0 && isPlain(p),
  );
}

const isPlain = (p: Packet) => !p.icmp && !(p.flags & (Tcp.syn | Tcp.rst));

/** Null when loss does not go by size. */
function sizesOf(flow: FlowFacts, toward: Toward, lost: readonly Packet[]): Sizes | null {
  if (lost.length < LEAST_LOST || lost.some((p) => isOfUnknownSize(flow, p))) return null;
  const largest = Math.max(...lost.map((p) => wireSize(flow, p)));
  const delivered = Math.min(deliveredSize(flow, toward), largest);
  const large = lost.filter((p) => wireSize(flow, p) > delivered).sort((a, b) => a.at - b.at);
  const small = lost.filter((p) => wireSize(flow, p) <= delivered);
  const smallest = Math.min(...large.map((p) => wireSize(flow, p)));
  if (large.length < LEAST_LOST || smallest <= LEAST_MTU || spreadOf(large) < LEAST_SPREAD_NS) return null;
  if (small.length > MOST_SMALL_LOSS * flow.path(toward, Row.PAIRS)) return null;
  return { delivered, smallest, large, small };
}

/** Largest IP packet that arrived; before any data did, a packet of the handshake. */
function deliveredSize(flow: FlowFacts, toward: Toward): number {
  const size = flow.path(toward, Row.DELIVERED_SIZE);
  if (size > 0) return size;
  const arrived = flow.packets.filter((p) => p.toward === toward && p.sent && p.received && !p.icmp);
  return arrived.reduce((most, p) => Math.max(most, p.ipLength), 0);
}

const mayNotFragment = (p: Packet) => p.ipVersion === 6 || (p.ipFlags & IpFlag.dontFragment) !== 0;

function spreadOf(packets: readonly Packet[]): number {
  const times = packets.map((p) => p.sent?.time ?? Number.NaN);
  return Math.max(...times) - Math.min(...times);
}

function blackHole(flow: FlowFacts, toward: Toward, sizes: Sizes): Draft[] {
  const { large } = sizes;
  const first = large[0];
  if (!first || !large.every(mayNotFragment) || mayHaveArrived(flow, toward, large)) return [];
  const usual = sizes.smallest > USUAL_LEAST_MTU;
  if (!usual && (first.ipVersion === 6 || smallDelivered(flow, toward, large) === null)) return [];
  const told = tooBigErrors(flow, toward);
  const heard = told.find((p) => p.sent);
  const after = heard
    ? large.filter((p) => p.sent && heard.sent && p.sent.time > heard.sent.time + LEAST_SPREAD_NS / 2)
    : [];
  // Told, and smaller packets since: that is path MTU discovery at work.
  if (heard && after.length === 0) return [];
  return [verdict(flow, toward, sizes, first, { told, heard: heard ?? null })];
}

interface Icmp {
  told: Packet[];
  heard: Packet | null;
}

function verdict(flow: FlowFacts, toward: Toward, sizes: Sizes, first: Packet, icmp: Icmp): Draft {
  const { large, small, delivered, smallest } = sizes;
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const level = strongestVouch(large.map((p) => p.vouching?.level ?? 'failed'));
  const why = large.find((p) => p.vouching?.level === level)?.vouching?.why ?? '';
  const between = smallDelivered(flow, toward, large);
  const quoted = icmp.told.map((p) => p.icmp?.mtu ?? 0).find((mtu) => mtu > 0);
  const mtuMin = quoted ?? delivered;
  const mtuMax = quoted ?? smallest - 1;
  const lines = 1 + (large.some((p) => p.repeat) ? 1 : 0) + (between ? 1 : 0);
  const room = mtuMin === mtuMax ? `${mtuMin} bytes` : `between ${mtuMin} and ${mtuMax} bytes`;
  return draft({
    code: 'pmtu-black-hole',
    grade: gradeHole(flow, sizes, lines, between !== null),
    flow,
    direction: toward,
    sender,
    cause: icmp.heard ? 'icmp-ignored' : 'icmp-filtered',
    blame: icmp.heard ? (sender === 'client' ? 'client-host' : 'server-host') : 'path',
    at: first.sent,
    statement: `Packets of ${smallest} bytes and more from the ${sender} never reach the ${receiver}, those up to ${delivered} bytes do: the path MTU is ${room}, and ${icmp.heard ? `the ${sender} ignores the ICMP message that says so` : `no ICMP message told the ${sender}`}.`,
    attributes: { mtuMin, mtuMax, lost: large.length, delivered, smallestLost: smallest },
    evidence: [
      exhibit(
        'large-lost',
        `all ${large.length} transmissions of ${smallest} bytes and more were lost, over ${formatDuration(spreadOf(large))}: ${why}`,
        ...large.slice(0, 4),
      ),
      exhibit('small-delivered', `packets up to ${delivered} bytes were delivered`, between),
      icmp.told.length > 0 &&
        exhibit('icmp', 'the router with the narrow link said so', ...icmp.told.slice(0, 2)),
    ],
    counter: [
      small.length > 0 &&
        exhibit('small-lost', `${small.length} smaller packets were lost too`, ...small.slice(0, 2)),
    ],
    assumptions: [assume(level ?? 'failed', why)],
    missing: icmp.told.length > 0 ? [] : ['whether the capture filters of both ends let ICMP errors in'],
  });
}

/**
 * Where the receiver's capture ended, the sender's own retransmissions without an ACK still say that nothing arrived.
 * Then the size is the cause only if the path had just worked, and that is no more than likely.
 */
function gradeHole(flow: FlowFacts, sizes: Sizes, lines: number, conclusive: boolean): Grade {
  const counter = sizes.small.length;
  const level = strongestVouch(sizes.large.map((p) => p.vouching?.level ?? 'failed'));
  const seen = gradeCase({ lines, conclusive, absence: level, headersOnly: false, counter });
  const sentAgain = sizes.large.filter((p) => p.repeat).length >= LEAST_AGAIN;
  const data = flow.path(sizes.large[0]?.toward ?? 'toward-server', Row.DELIVERED_SIZE) > 0;
  if (!sentAgain || !data || !workedBefore(flow, sizes.large)) return seen;
  const told = gradeCase({ lines, conclusive: false, absence: null, headersOnly: false, counter });
  return strongest(seen, weakest(told, 'likely'));
}

/** A packet of either direction was delivered shortly before the first large one left. */
function workedBefore(flow: FlowFacts, large: readonly Packet[]): boolean {
  const start = large[0]?.at ?? Number.NEGATIVE_INFINITY;
  return flow.packets.some(
    (p) => p.sent && p.received && !p.icmp && p.at <= start && start - p.at < JUST_WORKED_NS,
  );
}

/** A packet of the same direction delivered while the large ones died. */
function smallDelivered(flow: FlowFacts, toward: Toward, large: readonly Packet[]): Packet | null {
  const start = large[0]?.sent?.time ?? Number.POSITIVE_INFINITY;
  return (
    flow.packets.find((p) => p.toward === toward && p.sent && p.received && !p.icmp && p.sent.time > start) ??
    null
  );
}
