import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Timeline } from '../timeline/timeline.js';
import { comparablePayloads, samePayload } from './identity.js';
import { TIMESTAMP_BYTES } from './observe.js';

/**
 * A packet overtaken by less than this was reordered by the capture, not by the path: taps themselves swap
 * packets by a few µs (several transmit queues), measured at 3–5 µs on Linux.
 */
export const REORDER_NS = 50_000;

/** Packets out of order kept per direction, as examples. */
const LATE_KEPT = 4;

/** Pairs per direction whose TTLs are compared: enough to be sure, few enough to cost nothing. */
export const TTL_PAIRS = 64;

/**
 * Two taps closer than this in time, both ways together, cannot be told apart: the same place captured twice.
 */
export const SAME_PLACE_NS = 500;

/** Learns from every pair: bounds for the clocks, whose end each tap is at, and what the path changed. */
export class PairObserver {
  private readonly store: FlowStore;
  private readonly timeline: Timeline;

  constructor(store: FlowStore, timeline: Timeline) {
    this.store = store;
    this.timeline = timeline;
  }

  paired(at0: number, at1: number, aligned: boolean): void {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[at0], records.direction[at0]);
    const d = directions.data;
    d[row + Row.PAIRS]++;
    if (d[row + Row.PAIRS] <= TTL_PAIRS) d[row + Row.TTL_DIFF] += records.ttl[at0] - records.ttl[at1];
    // Until something better comes, even a pair that may be a mix-up tells more than none.
    const first = d[row + Row.MIN_DIFF] === Number.POSITIVE_INFINITY;
    const timely = isTimely(records, at0, at1) || (first && !isRestamped(records, at0, at1));
    if (aligned && timely) this.bound(at0, at1, row);
    const size = Math.min(records.ipLength[at0], records.ipLength[at1]);
    if (records.length[at0] > 0 && size > d[row + Row.DELIVERED_SIZE]) d[row + Row.DELIVERED_SIZE] = size;
    this.compare(at0, at1, aligned, row);
    if (isNumbered(records, at0)) this.order(at0, at1, aligned, row);
    this.survive(at0, at1);
  }

  private bound(at0: number, at1: number, row: number): void {
    const { records, directions } = this.store;
    const d = directions.data;
    const time = records.time[at0];
    const difference = records.time[at1] - time;
    if (difference < d[row + Row.MIN_DIFF]) {
      d[row + Row.MIN_DIFF] = difference;
      d[row + Row.MIN_DIFF_AT] = time;
    }
    if (difference > d[row + Row.MAX_DIFF]) {
      d[row + Row.MAX_DIFF] = difference;
      d[row + Row.MAX_DIFF_AT] = time;
    }
    const sender = d[row + Row.SENDER_TAP];
    if (sender < 0) this.orient(records.flow[at0]);
    else this.timeline.add(sender as 0 | 1, time, difference);
  }

  /**
   * Which tap is nearer to the sender. Routers take TTL off on the way, so the tap with the greater one is nearer.
   * Without a router between, and both directions matched, the direction whose difference of times is greater flows
   * from tap 0 to tap 1, since path delay adds to it one way and is taken off the other way.
   */
  private orient(flow: number): void {
    const d = this.store.directions.data;
    const forth = this.store.direction(flow, 0);
    const back = this.store.direction(flow, 1);
    const fall = Math.sign(d[forth + Row.TTL_DIFF]) - Math.sign(d[back + Row.TTL_DIFF]);
    if (fall !== 0) {
      this.setSender(flow, 0, fall > 0 ? 0 : 1);
      this.setSender(flow, 1, fall > 0 ? 1 : 0);
      return;
    }
    if (!Number.isFinite(d[forth + Row.MIN_DIFF]) || !Number.isFinite(d[back + Row.MIN_DIFF])) return;
    const lead = d[forth + Row.MIN_DIFF] - d[back + Row.MAX_DIFF];
    const lag = d[back + Row.MIN_DIFF] - d[forth + Row.MAX_DIFF];
    if (Math.max(lead, lag) <= SAME_PLACE_NS) return;
    this.setSender(flow, 0, lead > lag ? 0 : 1);
    this.setSender(flow, 1, lead > lag ? 1 : 0);
  }

  /** Fixes the sender's tap of a direction and hands the bounds found so far to the timeline. */
  setSender(flow: number, direction: number, tap: number): void {
    const d = this.store.directions.data;
    const row = this.store.direction(flow, direction);
    d[row + Row.SENDER_TAP] = tap;
    if (!Number.isFinite(d[row + Row.MIN_DIFF])) return;
    if (tap === 0) this.timeline.envelope.upper(d[row + Row.MIN_DIFF_AT], d[row + Row.MIN_DIFF]);
    else this.timeline.envelope.lower(d[row + Row.MAX_DIFF_AT], d[row + Row.MAX_DIFF]);
  }

  private compare(at0: number, at1: number, aligned: boolean, row: number): void {
    const { records, directions } = this.store;
    const d = directions.data;
    // A forged SYN or RST can pass for its genuine twin; the class of service shows on the other packets too.
    const change = records.flags[at0] & (Tcp.syn | Tcp.rst) ? 0 : records.tos[at0] ^ records.tos[at1];
    if ((records.flags[at0] ^ records.flags[at1]) & (Tcp.ece | Tcp.cwr)) this.compareEcnFlags(at0, row);
    if (change) {
      if (change & 0xfc) d[row + Row.TOS_CHANGED]++;
      if (change & 3) this.compareEcn(at0, at1, row);
      if (d[row + Row.TOS_CHANGED] + d[row + Row.ECN_CHANGED] <= 2) this.noteBoth(at0, at1);
    }
    if (!aligned || records.digestLength[at0] === 0) return;
    if (records.length[at0] !== records.length[at1]) return;
    if (!comparablePayloads(records, at0, at1) || samePayload(records, at0, at1)) return;
    d[row + Row.ALTERED]++;
    records.state[at0] |= State.altered;
    records.state[at1] |= State.altered;
    this.noteBoth(at0, at1);
  }

  /** ECT turned into CE is what ECN is for; ECT or CE turned into nothing is not. */
  private compareEcn(at0: number, at1: number, row: number): void {
    const { records, directions } = this.store;
    directions.data[row + Row.ECN_CHANGED]++;
    const goneAt0 = (records.tos[at0] & 3) === 0;
    const goneAt1 = (records.tos[at1] & 3) === 0;
    if (!goneAt0 && !goneAt1) return;
    const word = row + (goneAt0 ? Row.ECN_GONE_0 : Row.ECN_GONE_1);
    if (++directions.data[word] <= 2) this.noteBoth(at0, at1);
  }

  /** Without ECE and CWR in the SYN the ends do not agree on ECN at all. */
  private compareEcnFlags(at0: number, row: number): void {
    const { flags } = this.store.records;
    if (!(flags[at0] & Tcp.syn)) return;
    const gone = flags[at0] & Tcp.ece ? Row.ECN_GONE_1 : Row.ECN_GONE_0;
    this.store.directions.data[row + gone]++;
  }

  private noteBoth(at0: number, at1: number): void {
    this.store.note(at0);
    this.store.note(at1);
  }

  private order(at0: number, at1: number, aligned: boolean, row: number): void {
    const { records, directions } = this.store;
    const d = directions.data;
    const ahead0 = records.number[at0] - d[row + Row.TOP_NUMBER_0];
    const ahead1 = records.number[at1] - d[row + Row.TOP_NUMBER_1];
    if (records.length[at0] > 0 && records.flags[at0] !== 0) this.compareHoles(at0, at1, aligned, row);
    else if (ahead0 < 0 !== ahead1 < 0 && ahead0 !== 0 && ahead1 !== 0 && records.flags[at0] === 0) {
      const shift0 = Math.abs(records.time[at0] - d[row + Row.TOP_TIME_0]);
      const shift1 = Math.abs(records.time[at1] - d[row + Row.TOP_TIME_1]);
      if (Math.min(shift0, shift1) > REORDER_NS)
        this.late(at0, at1, row, [Row.LATE_AT_0, Row.LATE_AT_1], Math.min(shift0, shift1));
    }
    if (ahead0 > 0) {
      d[row + Row.TOP_NUMBER_0] = records.number[at0];
      d[row + Row.TOP_TIME_0] = records.time[at0];
    }
    if (ahead1 > 0) {
      d[row + Row.TOP_NUMBER_1] = records.number[at1];
      d[row + Row.TOP_TIME_1] = records.time[at1];
    }
  }

  /** A segment that comes late at one tap and was in its turn at the other was overtaken between them. */
  private compareHoles(at0: number, at1: number, aligned: boolean, row: number): void {
    const { state, gap } = this.store.records;
    const late0 = (state[at0] & (State.lateFill | State.overdue)) !== 0;
    const late1 = (state[at1] & (State.lateFill | State.overdue)) !== 0;
    if (late0 === late1) return;
    const [late, other] = late0 ? [at0, at1] : [at1, at0];
    if (state[other] & State.repeat) return;
    if (state[late] & State.lateFill) {
      if (!this.isSameTransmission(late, other, aligned, row)) return;
      const delay = state[late] & State.afterIdle ? 0 : gap[late];
      this.late(at0, at1, row, [late0 ? Row.LATE_AT_0 : Row.LATE_AT_1], delay);
    } else if (this.store.records.length[at0] === this.store.records.length[at1]) {
      // Bytes of a super-packet may have been counted for another copy of them, so only whole packets are told
      // apart this way.
      this.late(at0, at1, row, [late0 ? Row.OVERDUE_AT_0 : Row.OVERDUE_AT_1], 0);
    }
  }

  /** A segment of a super-packet, and not a retransmission of its bytes: by its IP id to the segment, else by its time stamp. */
  private isSameTransmission(segment: number, whole: number, aligned: boolean, row: number): boolean {
    if (aligned) return true;
    const { ipId, timestampValue, sequence } = this.store.records;
    const stamped = timestampValue[segment] !== 0;
    if (ipId[segment] === 0 || ipId[whole] === 0) return stamped;
    const size = this.store.directions.data[row + Row.SEGMENT] - (stamped ? TIMESTAMP_BYTES : 0);
    const ahead = (sequence[segment] - sequence[whole]) | 0;
    const step = ((ipId[segment] - ipId[whole]) << 16) >> 16;
    return step * size === ahead;
  }

  private late(at0: number, at1: number, row: number, words: readonly number[], delay: number): void {
    const d = this.store.directions.data;
    for (const word of words) if (++d[row + word] <= LATE_KEPT) this.noteBoth(at0, at1);
    if (delay > d[row + Row.LATE_NS]) d[row + Row.LATE_NS] = delay;
  }

  private survive(at0: number, at1: number): void {
    const { records, flows } = this.store;
    if (!(records.state[at0] & records.state[at1] & State.afterIdle)) return;
    const row = this.store.flow(records.flow[at0]) + Row.SURVIVED;
    const gap = Math.min(records.gap[at0], records.gap[at1]);
    if (gap > flows.data[row]) flows.data[row] = gap;
  }
}

/**
 * Only a pair that cannot be a mix-up of two transmissions may bound the clocks: one told apart by IP id or
 * time stamp, or data that neither tap had seen before.
 */
function isTimely(records: FlowStore['records'], at0: number, at1: number): boolean {
  if (records.ipId[at0] !== 0 && records.ipId[at0] === records.ipId[at1]) return true;
  if (records.timestampValue[at0] !== 0 && records.timestampValue[at0] === records.timestampValue[at1]) {
    return !(records.state[at0] & State.repeat);
  }
  return records.length[at0] > 0 && !((records.state[at0] | records.state[at1]) & State.repeat);
}

/** The path rewrote the time stamp, which alone would tell one ACK without an IP id from the next. */
function isRestamped({ timestampValue }: FlowStore['records'], at0: number, at1: number): boolean {
  const [a, b] = [timestampValue[at0], timestampValue[at1]];
  return a !== 0 && b !== 0 && a !== b;
}

/** Datagrams of equal payload without an IP id (IPv6) may be paired crosswise after a loss: they tell no order. */
function isNumbered(records: FlowStore['records'], r: number): boolean {
  return records.flags[r] !== 0 || records.ipId[r] !== 0;
}
