import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import { TTL_PAIRS } from '../match/pairs.js';
import type { FlowFacts } from './flow-facts.js';
import { hopsOf } from './hops.js';
import { isRst, type Packet, type Toward } from './packet.js';

/** Routers between the taps, by the TTLs of packets matched in either direction of a flow; null where none was. */
export function routersOnPath(flow: FlowFacts): number | null {
  return routersToward(flow, 'toward-client') ?? routersToward(flow, 'toward-server');
}

/** The same for one direction: the way back may be of another length. */
function routersToward(flow: FlowFacts, toward: Toward): number | null {
  const sent = flow.sent(toward, Row.TTL);
  const received = flow.received(toward, Row.TTL);
  if (flow.path(toward, Row.PAIRS) > 0 && sent >= received && received >= 0) return sent - received;
  return routersAnywhere(flow.capture.intake, flow.senderTap(toward));
}

/**
 * The same from other flows of the capture that go from one tap to the other: all cross the same two hosts. Null where they
 * differ, as over equal-cost routes that are chosen flow by flow.
 */
function routersAnywhere(intake: Intake, from: 0 | 1): number | null {
  const { store } = intake;
  const limit = Math.min(store.table.count, SAMPLE);
  const lengths = new Set<number>();
  for (let flow = 0; flow < limit; flow++) {
    for (let direction = 0; direction < 2; direction++) {
      const row = store.direction(flow, direction);
      if (store.directions.data[row + Row.PAIRS] === 0) continue;
      if (store.directions.data[row + Row.SENDER_TAP] !== from) continue;
      const a = store.sides.data[store.side(flow, direction, 0) + Row.TTL];
      const b = store.sides.data[store.side(flow, direction, 1) + Row.TTL];
      if (a >= 0 && b >= 0) lengths.add(Math.abs(a - b));
    }
  }
  const [length] = lengths;
  return lengths.size === 1 && length !== undefined ? length : null;
}

/** Flows looked at for a path length. */
const SAMPLE = 64;

/** How a packet's header differs from what its alleged sender's packets look like at the same tap. */
export interface HeaderMismatch {
  text: string;
}

/**
 * Compares a RST's TTL, DSCP and flow label with its alleged sender's other packets as they arrive at the same tap.
 * TTLs are compared as hop counts: a stack may use another initial TTL for a socket than for its own replies.
 */
export function headerMismatch(flow: FlowFacts, rst: Packet): HeaderMismatch | null {
  const toward: Toward = rst.toward;
  const baseline = flow.received(toward, Row.TTL);
  const ttl = arrivalTtl(rst);
  const hops = hopsOf(ttl);
  if (baseline >= 0) {
    if (hopsOf(baseline) !== hops && ttl !== baseline && !hasSeveralWays(flow, toward)) {
      return {
        text: `its TTL is ${ttl}, that of the alleged sender's other packets ${baseline}: it came ${hopCount(hops)}, they came ${hopCount(hopsOf(baseline))}`,
      };
    }
  } else {
    const routers = routersToward(flow, toward);
    if (routers !== null && hops !== routers)
      return { text: `its TTL is ${ttl}, ${hopCount(hops)}; the path has ${routers} routers` };
  }
  if (rst.ipVersion === 6 && rst.flowLabel === 0 && flow.received(toward, Row.LABEL) > 0) {
    return { text: 'its IPv6 flow label is 0, which this sender uses nowhere else on the connection' };
  }
  return null;
}

/** Hop counts of a direction's packets that left its sender for certain; `doubtful`: also of those that its tap is no witness about. */
function waysOf(flow: FlowFacts, toward: Toward, doubtful: boolean): Set<number> {
  const hops = new Set<number>();
  for (const p of flow.packets) {
    if (p.toward !== toward || !p.received || isRst(p) || p.icmp) continue;
    const level = p.vouching?.level;
    if (p.sent || (doubtful && (level === 'failed' || level === 'doubtful')))
      hops.add(hopsOf(p.received.ttl));
  }
  return hops;
}

/**
 * Packets of one direction arrive over ways of different length, as over equal-cost routes that are chosen packet by packet:
 * then no TTL stands out.
 */
function hasSeveralWays(flow: FlowFacts, toward: Toward): boolean {
  return waysOf(flow, toward, true).size > 1 || losesTtlUnevenly(flow, toward);
}

/** The first pairs of the direction did not all lose as much of their TTL as its very first packets. */
function losesTtlUnevenly(flow: FlowFacts, toward: Toward): boolean {
  const [sent, received] = [flow.sent(toward, Row.TTL), flow.received(toward, Row.TTL)];
  const pairs = Math.min(TTL_PAIRS, flow.path(toward, Row.PAIRS));
  // On a router the look that was matched may be from before it or from behind it.
  if (sent < 0 || received < 0 || pairs === 0 || isSeenTwice(flow)) return false;
  return Math.abs(flow.path(toward, Row.TTL_DIFF)) !== pairs * Math.abs(sent - received);
}

function isSeenTwice(flow: FlowFacts): boolean {
  const { state } = flow.capture.intake.store.records;
  const doubled = flow.packets.some((p) => (state[p.record] & State.doubled) !== 0);
  return doubled || flow.capture.taps.some((tap) => tap.routes);
}

/** A packet came another number of hops than all those of its direction that left the alleged sender for certain. */
export function standsOut(flow: FlowFacts, p: Packet): boolean {
  const ways = waysOf(flow, p.toward, false);
  return ways.size === 1 && !ways.has(hopsOf(arrivalTtl(p)));
}

/** TTL with which a packet came to its receiver. */
function arrivalTtl(p: Packet): number {
  return p.received?.ttl ?? p.ttl;
}

/** Where on the path a forger sits, counted from the receiver of what it forged. */
export interface Location {
  /** Routers the packet passed after it was made; null when its initial TTL cannot be known. */
  hopsFromReceiver: number | null;
  text: string;
}

/** Where a RST was made, by what is left of its TTL at its receiver. */
export function locate(flow: FlowFacts, rst: Packet, receiver: string): Location {
  const ttl = arrivalTtl(rst);
  const hops = hopsOf(ttl);
  if (hasSeveralWays(flow, rst.toward)) {
    return {
      hopsFromReceiver: null,
      text: 'packets of this connection come over ways of different length, so that its TTL does not tell where it was made',
    };
  }
  const routers = routersOnPath(flow);
  if (routers !== null && hops >= routers && routers > 0) {
    if (hops === routers) {
      return {
        // Made right there, or with a TTL that was copied: it names no router.
        hopsFromReceiver: null,
        text: `its TTL fits the alleged sender's own distance (${hopCount(hops)})`,
      };
    }
    return {
      hopsFromReceiver: null,
      text: `its TTL of ${ttl} would mean ${hopCount(hops)} on a path of ${routers} routers: its initial TTL is not a usual one`,
    };
  }
  const place = ordinal(hops + 1);
  const of = routers === null || routers === 0 ? '' : ` of ${routers}`;
  return {
    hopsFromReceiver: hops,
    text: `it was made at the ${place} router${of} counted from the ${receiver}`,
  };
}

/**
 * The same for a device that reset both ends: with the initial TTL the same toward both, the two remaining TTLs
 * give place and initial TTL. Null when they do not fit one device.
 */
export function locateBoth(
  routers: number,
  ttlAtClient: number,
  ttlAtServer: number,
): { fromClient: number; initial: number } | null {
  const fromClient = (routers - 1 + ttlAtServer - ttlAtClient) / 2;
  const initial = (routers - 1 + ttlAtServer + ttlAtClient) / 2;
  if (!Number.isInteger(fromClient) || fromClient < 0 || fromClient > routers - 1) return null;
  return initial <= 255 ? { fromClient, initial } : null;
}

function hopCount(n: number): string {
  return n === 1 ? '1 hop' : `${n} hops`;
}

export function ordinal(n: number): string {
  const names = [
    'zeroth',
    'first',
    'second',
    'third',
    'fourth',
    'fifth',
    'sixth',
    'seventh',
    'eighth',
    'ninth',
  ];
  return names[n] ?? `${n}th`;
}
