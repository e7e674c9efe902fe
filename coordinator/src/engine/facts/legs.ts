import { DIGEST_PREFIX, Http, Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import { samePayload } from '../match/identity.js';

/** A connection that only one tap saw, and the first data each way on it (places in `Heads`, -1: none). */
export interface Leg {
  flow: number;
  tap: 0 | 1;
  request: number;
  answer: number;
}

/** Columns of the first data of connections, copied: the records may be put away again before they are compared. */
export class Heads {
  readonly digestHigh: number[] = [];
  readonly digestLow: number[] = [];
  readonly digestLength: number[] = [];
  readonly timestampValue: number[] = [];
  readonly ipId: number[] = [];
  readonly time: number[] = [];
  readonly direction: number[] = [];
  readonly httpKind: number[] = [];
  readonly httpStatus: number[] = [];
  readonly httpLength: number[] = [];
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
      'httpKind',
      'httpStatus',
      'httpLength',
    ] as const;
    for (const name of columns) this[name].push(records[name][r] as number);
    return this.time.length - 1;
  }
}

export function legOf(heads: Heads, flow: number): Leg | null {
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
export function headKey({ digestHigh, digestLength }: Heads, head: number): number | null {
  return head < 0 || (digestLength[head] as number) < DIGEST_PREFIX ? null : (digestHigh[head] as number);
}

/** More than the few bytes that many messages begin with was captured. */
export function isLong({ digestLength }: Heads, head: number): boolean {
  return head >= 0 && (digestLength[head] as number) > DIGEST_PREFIX;
}

export function isHttp({ httpKind }: Heads, head: number): boolean {
  return head >= 0 && httpKind[head] !== Http.none;
}

/** Of an HTTP request no more than method and the beginning of its path. */
export function isShortHttp(heads: Heads, head: number): boolean {
  return isHttp(heads, head) && !isLong(heads, head);
}

export function sameBytes(heads: Heads, a: number, b: number): boolean {
  if (a < 0 || b < 0) return false;
  return headKey(heads, a) !== null && samePayload(heads, a, b);
}

/** One connection under two tuples: address translation keeps the numbers of at least one direction, stamps or ids. */
export function isTranslated(heads: Heads, a: Leg, b: Leg): boolean {
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
