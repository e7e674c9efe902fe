import { DIGEST_PREFIX, Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake.js';
import { samePayload } from '../match/identity.js';
import type { Orientation } from './orientation.js';

/** Connections that begin with the same bytes, looked at per tap: each is held against each. */
const LIMIT = 1024;

/** A connection that only one tap saw, and the first data each way on it (places in `Heads`, -1: none). */
interface Leg {
  flow: number;
  tap: 0 | 1;
  request: number;
  answer: number;
}

/** Columns of the first data of connections, copied: the records may be put away again before they are compared. */
class Heads {
  readonly digestHigh: number[] = [];
  readonly digestLow: number[] = [];
  readonly digestLength: number[] = [];
  readonly timestampValue: number[] = [];
  readonly ipId: number[] = [];
  readonly time: number[] = [];
  readonly direction: number[] = [];
  readonly intake: Intake;

  constructor(intake: Intake) {
    this.intake = intake;
  }

  get hasPrefixDigests(): boolean {
    return this.intake.store.records.hasPrefixDigests;
  }

  get hasWholeDigests(): boolean {
    return this.intake.store.records.hasWholeDigests;
  }

  /** Copies a record; -1 for none. */
  add(r: number): number {
    if (r < 0) return -1;
    const { records } = this.intake.store;
    const columns = [
      'digestHigh',
      'digestLow',
      'digestLength',
      'timestampValue',
      'ipId',
      'time',
      'direction',
    ] as const;
    for (const name of columns) this[name].push(records[name][r] as number);
    return this.time.length - 1;
  }
}

/** Two connections that carry the same request: client to proxy at one tap, proxy to server at the other. */
export interface ProxiedPair {
  clientSide: number;
  serverSide: number;
  /** The first bytes of the answers agree too. */
  sameAnswer: boolean;
  /** By the clocks the request passed the client's tap for certain before the server's. */
  inOrder: boolean;
  /** No other connection at either tap began with the same bytes. */
  unique: boolean;
}

/**
 * Finds requests that left one host on one connection and reached the other on another one. A proxy keeps neither
 * sequence numbers nor time stamps nor ids; what it passes on are the bytes.
 */
export function findProxied(intake: Intake, orientation: Orientation): ProxiedPair[] {
  const heads = new Heads(intake);
  const legs = new Map<number, { out: Leg[]; in: Leg[] }>();
  for (let flow = 0; flow < intake.store.table.count; flow++) {
    const leg = legOf(heads, flow);
    if (!leg) continue;
    const key = requestKey(heads, leg.request);
    if (key === null) continue;
    const same = legs.get(key) ?? { out: [], in: [] };
    const initiator = heads.direction[leg.request] as number;
    (orientation.senderTap(flow, initiator) === leg.tap ? same.out : same.in).push(leg);
    legs.set(key, same);
  }
  return [...legs.values()].flatMap((same) =>
    pairUp(heads, same.out.slice(0, LIMIT), same.in.slice(0, LIMIT)),
  );
}

function legOf(heads: Heads, flow: number): Leg | null {
  const { intake } = heads;
  const { store, joiner } = intake;
  if (store.table.protocol(flow) !== 6 || joiner.resolve(flow) !== flow || store.isSeenAtBoth(flow))
    return null;
  const packets = (tap: number) =>
    store.sides.data[store.side(flow, 0, tap) + Row.PACKETS] +
    store.sides.data[store.side(flow, 1, tap) + Row.PACKETS];
  const at0 = packets(0) > 0;
  if (at0 === packets(1) > 0) return null;
  const initiator = store.flows.data[store.flow(flow) + Row.INITIATOR];
  if (initiator < 0) return null;
  const tap = at0 ? 0 : 1;
  const request = heads.add(firstData(intake, flow, initiator, tap));
  if (request < 0) return null;
  return { flow, tap, request, answer: heads.add(firstData(intake, flow, 1 - initiator, tap)) };
}

/** Whether a connection that both taps saw began with the same bytes in a direction at both. */
export function beginsAlike(intake: Intake, flow: number, direction: number): boolean {
  const heads = new Heads(intake);
  const [a, b] = [0, 1].map((tap) => heads.add(firstData(intake, flow, direction, tap)));
  return sameBytes(heads, a as number, b as number);
}

/** The record with a direction's first bytes after its SYN, -1 where it was not kept. */
function firstData(intake: Intake, flow: number, direction: number, tap: number): number {
  const { records, sides } = intake.store;
  const side = intake.store.side(flow, direction, tap);
  if (sides.data[side + Row.SYN_OPTIONS] < 0) return -1;
  const first = (sides.data[side + Row.SEQ_BASE] + 1) >>> 0;
  for (const r of intake.store.notable(flow)) {
    if (records.direction[r] !== direction || records.tap[r] !== tap || records.length[r] === 0) continue;
    if (records.sequence[r] === first && !(records.flags[r] & (Tcp.syn | Tcp.rst))) return r;
  }
  return -1;
}

/** By its first bytes; whether the rest agrees too, `sameBytes` says. */
function requestKey({ digestHigh, digestLength }: Heads, head: number): number | null {
  return (digestLength[head] as number) < DIGEST_PREFIX ? null : (digestHigh[head] as number);
}

/** Pairs legs with the same request in the order in which they came, each at its own tap. */
function pairUp(heads: Heads, out: readonly Leg[], into: readonly Leg[]): ProxiedPair[] {
  const pairs: ProxiedPair[] = [];
  const free = [...into];
  for (const a of out) {
    const index = free.findIndex(
      (b) =>
        b.tap !== a.tap &&
        sameBytes(heads, a.request, b.request) &&
        orderOf(heads, a, b) !== 'after' &&
        !isTranslated(heads, a, b),
    );
    const b = free[index];
    if (!b) continue;
    free.splice(index, 1);
    pairs.push({
      clientSide: a.flow,
      serverSide: b.flow,
      sameAnswer: sameBytes(heads, a.answer, b.answer),
      inOrder: orderOf(heads, a, b) === 'before',
      unique: isOnlyOne(heads, a, out) && isOnlyOne(heads, b, into),
    });
  }
  return pairs;
}

function isOnlyOne(heads: Heads, leg: Leg, legs: readonly Leg[]): boolean {
  return !legs.some((other) => other !== leg && sameBytes(heads, leg.request, other.request));
}

/** One connection under two tuples: address translation keeps the numbers of at least one direction, stamps or ids. */
function isTranslated(heads: Heads, a: Leg, b: Leg): boolean {
  const { timestampValue, ipId } = heads;
  const [p, q] = [a.request, b.request];
  if (timestampValue[p] !== 0 && timestampValue[p] === timestampValue[q]) return true;
  if (ipId[p] !== 0 && ipId[p] === ipId[q]) return true;
  return [false, true].some((back) => firstSequence(heads, a, back) === firstSequence(heads, b, back));
}

/** Initial sequence number of a leg's initiator, or of its other end. */
function firstSequence(heads: Heads, leg: Leg, back: boolean): number {
  const { store } = heads.intake;
  const initiator = heads.direction[leg.request] as number;
  return store.sides.data[store.side(leg.flow, back ? 1 - initiator : initiator, leg.tap) + Row.SEQ_BASE];
}

function orderOf(heads: Heads, a: Leg, b: Leg): 'before' | 'after' | 'unknown' {
  const { time, intake } = heads;
  return intake.timeline.order(a.tap, time[a.request] as number, b.tap, time[b.request] as number);
}

function sameBytes(heads: Heads, a: number, b: number): boolean {
  if (a < 0 || b < 0) return false;
  return requestKey(heads, a) !== null && samePayload(heads, a, b);
}
