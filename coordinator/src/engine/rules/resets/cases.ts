import { type Grade, PacketType, Tcp } from '@bothends/proto';
import { recordAt } from '../../facts/counterpart.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { continuesIds } from '../../facts/ids.js';
import { isRst, isSyn, type Packet, type Sighting } from '../../facts/packet.js';
import { isOfAnotherConnection } from '../../facts/shared-tuple.js';
import { State } from '../../flows/records.js';
import * as Row from '../../flows/rows.js';
import type { Exhibit } from '../draft.js';
import { type ResetShape, shapeOf, triggerOf } from './shape.js';

/** Packets that were already in a queue when the RST came may still leave this much later, ns. */
const GRACE_NS = 1_000_000;

/** A packet of the alleged sender that arrives this much after its RST was not merely overtaken, ns. */
const OVERTAKEN_NS = 5_000_000;

/** A RST that a device rewrote leaves and arrives within this time, ns (a path's delay and queues). */
const REWRITTEN_NS = 1_000_000_000;

/** Bytes that can be under way beyond what was seen: windows in use stay far below (RFC 7323 allows 2^30). */
const LARGEST_WINDOW = 2 ** 26;

/** What became of a RST at the host that got it. */
export type Effect = 'took-effect' | 'ignored' | 'unknown';

/** One RST with what the packets around it say. */
export interface ResetCase {
  flow: FlowFacts;
  rst: Packet;
  shape: ResetShape;
  /**
   * `sender`: it left the alleged sender. `path`: it did not. `tap`: it was made on the way, by the host that the alleged
   * sender's tap runs on. `local`: the receiver's own host made it and delivered it
   * over its loopback. `unclear`: the sender's end cannot tell.
   */
  origin: 'sender' | 'path' | 'tap' | 'local' | 'unclear';
  /** Who got it is a host whose packets came before; the packet that it answers, where it is a reply. */
  trigger: Packet | null;
  effect: Effect;
  /** A packet of the receiver that shows that it went on. */
  survivor: Packet | null;
  /** A packet of the alleged sender that shows that its connection lived on after the RST. */
  livesOn: Packet | null;
  /** The RST as it left its sender, where a device rewrote its numbers on the way. */
  rewrittenFrom: Packet | null;
}

/** Why a host reset a connection, as far as packets tell. */
export interface Cause {
  name: string;
  /** What the statement says of the sender. */
  text: string;
  /** How sure the cause is, given that the sender sent the RST; the place is graded apart. */
  grade: Grade;
  evidence: Exhibit[];
  /** What packets alone leave open. */
  open: string | null;
}

const cache = new WeakMap<readonly Packet[], ResetCase[]>();

/** All RSTs of a flow, oldest first. */
export function resetCases(flow: FlowFacts): ResetCase[] {
  const packets = flow.packets;
  let cases = cache.get(packets);
  if (!cases) {
    cases = [];
    const rewritten = new Set<Packet>();
    for (const rst of packets) {
      if (!isRst(rst) || rst.copy || rewritten.has(rst)) continue;
      // The connection that it left on tells of it.
      if (rst.sent === null && isOfAnotherConnection(flow, rst)) continue;
      cases.push(caseOf(flow, rst, rewritten));
    }
    cases = cases.filter((c) => !rewritten.has(c.rst));
    cache.set(packets, cases);
  }
  return cases;
}

function caseOf(flow: FlowFacts, rst: Packet, rewritten: Set<Packet>): ResetCase {
  const rewrittenFrom = rst.sent === null ? findRewritten(flow, rst, rewritten) : null;
  if (rewrittenFrom) rewritten.add(rewrittenFrom);
  const tap = rst.received ? flow.receiverTap(rst.toward) : flow.senderTap(rst.toward);
  const survivor = rst.received ? findSurvivor(flow, rst, rst.received) : null;
  return {
    flow,
    rst,
    shape: shapeOf(rst),
    origin: rst.sent || rewrittenFrom ? originOfSent(flow, rst) : originOfInjected(flow, rst),
    trigger: triggerOf(rst, tap, flow.packets),
    effect: rst.received === null ? 'unknown' : survivor ? 'ignored' : 'took-effect',
    survivor,
    livesOn: rst.received ? findLiving(flow, rst, rst.received) : null,
    rewrittenFrom,
  };
}

/**
 * On a router the sender's packets come in before they go out, and go out with one TTL less; a RST that only goes out, and
 * with no less, was made there, by a rule of that router and not by the sender.
 */
function originOfSent(flow: FlowFacts, rst: Packet): ResetCase['origin'] {
  const { packetType } = flow.capture.intake.store.records;
  const tap = flow.senderTap(rst.toward);
  const kindOf = (p: Packet) => packetType[recordAt(flow, p, tap)];
  if (kindOf(rst) !== PacketType.outgoing || isBridged(flow, rst.toward)) return 'sender';
  const cameIn = flow.packets.filter((p) => {
    const kind = p.toward === rst.toward && p.sent && !isRst(p) && !p.icmp ? kindOf(p) : undefined;
    return kind === PacketType.host || kind === PacketType.otherHost;
  });
  const ttl = rst.sent?.ttl ?? 0;
  return cameIn.length > 0 && cameIn.every((p) => ttl >= (p.sent?.ttl ?? 0)) ? 'tap' : 'sender';
}

/** A bridge takes nothing off the TTL: there a packet that comes in and goes out looks the same twice. */
export function isBridged(flow: FlowFacts, toward: Packet['toward']): boolean {
  const { state } = flow.capture.intake.store.records;
  return flow.packets.some((p) => p.toward === toward && p.sent && (state[p.record] & State.bridged) !== 0);
}

function originOfInjected(flow: FlowFacts, rst: Packet): ResetCase['origin'] {
  if (rst.ifindex === LOOPBACK && flow.packets.some((p) => p !== rst && p.ifindex > LOOPBACK)) return 'local';
  if (rst.fate !== 'injected') return 'unclear';
  return isMissed(flow, rst) ? 'unclear' : 'path';
}

/**
 * It continues its alleged sender's own numbering, and that sender's tap cannot vouch that it missed nothing:
 * then the tap missed it.
 */
function isMissed(flow: FlowFacts, rst: Packet): boolean {
  const level = rst.vouching?.level;
  return level !== 'complete' && level !== 'word' && continuesIds(flow, rst);
}

/** Linux numbers the loopback interface 1 in every network namespace. */
const LOOPBACK = 1;

/** A RST that left the alleged sender about then and never arrived as it was: the same one, rewritten on the way. */
function findRewritten(flow: FlowFacts, rst: Packet, taken: Set<Packet>): Packet | null {
  for (const p of flow.packets) {
    if (!isRst(p) || p.toward !== rst.toward || p.sent === null || p.received !== null || taken.has(p))
      continue;
    if (p.flags !== rst.flags || p.window !== rst.window) continue;
    if (Math.abs(p.at - rst.at) < REWRITTEN_NS) return p;
  }
  return null;
}

/** Distinct initial sequence numbers of a direction: more than one when the tuple was used again. */
export function initialNumbers(flow: FlowFacts, toward: Packet['toward']): number[] {
  return [
    ...new Set(flow.packets.filter((p) => p.toward === toward && p.flags & Tcp.syn).map((p) => p.sequence)),
  ];
}

/**
 * Which of several connections on one tuple a number of a direction belongs to: the one whose first number it is
 * nearest above, by no more than `reach`; -1 for one whose SYN was not seen.
 */
function connectionOf(numbers: readonly number[], sequence: number, reach: number): number {
  let best = -1;
  let least = reach;
  for (const isn of numbers) {
    const ahead = (sequence - isn) >>> 0;
    if (ahead < least) {
      least = ahead;
      best = isn;
    }
  }
  return best;
}

/** Tells packets of the RST's own connection from those of another one on the same tuple. */
export function sameConnection(flow: FlowFacts, rst: Packet): (p: Packet) => boolean {
  const numbers = initialNumbers(flow, rst.toward);
  if (numbers.length === 0 || rst.sequence === 0) return () => true;
  const ends = [flow.sent(rst.toward, Row.SEQ_END), flow.received(rst.toward, Row.SEQ_END)];
  // A tap that missed the SYN of a later connection takes its numbers for a long way ahead: the other one knows better.
  const known = ends.filter((end) => end > 0);
  const reach = Math.min(2 ** 32, (known.length > 0 ? Math.min(...known) : 0) + LARGEST_WINDOW);
  const own = connectionOf(numbers, rst.sequence, reach);
  return (p) => {
    if (p.toward === rst.toward) return connectionOf(numbers, p.sequence, reach) === own;
    return !(p.flags & Tcp.ack) || connectionOf(numbers, p.acknowledgment, reach) === own;
  };
}

/** The first packet that the receiver sent after the RST as if nothing had happened. */
function findSurvivor(flow: FlowFacts, rst: Packet, received: Sighting): Packet | null {
  const isOwn = sameConnection(flow, rst);
  for (const p of flow.packets) {
    if (p.toward === rst.toward || p.flags & Tcp.rst || p.icmp || isSyn(p) || !isOwn(p)) continue;
    if (p.sent && flow.isBefore(received, p.sent) && p.sent.time > received.time + GRACE_NS) return p;
  }
  return null;
}

/**
 * The first packet of the alleged sender that cannot be if it had sent the RST: one that left after the RST was
 * received, or that arrives well after it.
 */
function findLiving(flow: FlowFacts, rst: Packet, received: Sighting): Packet | null {
  const isOwn = sameConnection(flow, rst);
  for (const p of flow.packets) {
    if (p.toward !== rst.toward || p.flags & Tcp.rst || p.icmp || isSyn(p) || !isOwn(p)) continue;
    if (rst.sent && p.sent && p.sent.number < rst.sent.number) continue;
    if (p.sent && flow.isBefore(received, p.sent)) return p;
    if (p.received && flow.isBefore(received, p.received) && p.received.time > received.time + OVERTAKEN_NS)
      return p;
  }
  return null;
}
