import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { Tap } from '../taps.js';
import type { Orientation } from './orientation.js';

/** Unmatched records of one side looked at; a tap that misses more than these has shown enough. */
const AUDIT_LIMIT = 512;

/**
 * Lets TCP testify against the taps. Bytes that the receiver acknowledged although no transmission of them
 * is seen to arrive did arrive: the receiver's tap missed them. Data that arrived and is acknowledged although
 * nobody saw it leave was sent: the sender's tap missed it. A tap so convicted vouches for nothing absent.
 */
export function auditTaps(intake: Intake, taps: readonly [Tap, Tap], orientation: Orientation): void {
  const { store } = intake;
  for (const tap of taps) {
    tap.missed = 0;
    auditDirections(intake, tap, orientation);
  }
  for (let flow = 0; flow < store.table.count; flow++) {
    if (store.table.protocol(flow) !== 6 || !store.someWaits(flow)) continue;
    for (let direction = 0; direction < 2; direction++) {
      const senderTap = orientation.senderTap(flow, direction);
      if (!hasPairs(intake, flow)) continue;
      taps[1 - senderTap].missed += missedArrivals(intake, flow, direction, senderTap);
      taps[senderTap].missed += missedDepartures(intake, flow, direction, senderTap);
    }
  }
}

/** Flows looked at for a packet of either direction: a capture of both shows them in nearly every flow. */
const DIRECTIONS_SAMPLE = 1024;

/** Finds taps that hold one direction only: whatever their hosts sent, or whatever came, would be missing from them. */
function auditDirections(intake: Intake, tap: Tap, orientation: Orientation): void {
  const { store } = intake;
  const flows = Math.min(store.table.count, DIRECTIONS_SAMPLE);
  let acknowledges = false;
  tap.hears = false;
  tap.speaks = false;
  for (let flow = 0; flow < flows && !(tap.hears && tap.speaks); flow++) {
    for (let direction = 0; direction < 2; direction++) {
      const side = store.side(flow, direction, tap.index);
      if (store.sides.data[side + Row.PACKETS] === 0) continue;
      if (orientation.senderTap(flow, direction) !== tap.index) tap.hears = true;
      else {
        tap.speaks = true;
        if (store.sides.data[side + Row.LAST_ACK] >= 0) acknowledges = true;
      }
    }
  }
  tap.deaf = acknowledges && !tap.hears;
}

function hasPairs(intake: Intake, flow: number): boolean {
  const d = intake.store.directions.data;
  return d[intake.store.direction(flow, 0) + Row.PAIRS] + d[intake.store.direction(flow, 1) + Row.PAIRS] > 0;
}

function missedArrivals(intake: Intake, flow: number, direction: number, senderTap: number): number {
  const { store } = intake;
  const side = store.side(flow, direction, senderTap);
  if (store.sides.data[side + Row.WAITING] === 0) return 0;
  const acknowledged = highestAcknowledged(intake, flow, direction, senderTap);
  if (acknowledged === null) return 0;
  const waiting = intake.matcher.waiting(side).slice(0, AUDIT_LIMIT);
  let missed = 0;
  for (const r of waiting) {
    const { records } = store;
    if (records.length[r] === 0 || records.flags[r] & (Tcp.syn | Tcp.rst)) continue;
    const end = (records.sequence[r] + records.length[r]) >>> 0;
    if (((end - acknowledged) | 0) > 0) continue;
    if (!wasRepeated(intake, flow, direction, r)) missed++;
  }
  return missed;
}

/** Highest acknowledgment that the receiver sent for a direction, by either tap, on the sender's tap's scale. */
function highestAcknowledged(
  intake: Intake,
  flow: number,
  direction: number,
  senderTap: number,
): number | null {
  const { store } = intake;
  const back = 1 - direction;
  const value = store.sides.data[store.side(flow, back, senderTap) + Row.LAST_ACK];
  return value < 0 ? null : value;
}

/**
 * Whether another transmission covers the same bytes. Then the loss may well be real; only a direction without
 * any repeat proves beyond doubt that the tap is wrong.
 */
function wasRepeated(intake: Intake, flow: number, direction: number, r: number): boolean {
  const { store } = intake;
  const { records } = store;
  const s = store.sides.data;
  const tap = records.tap[r];
  return s[store.side(flow, direction, tap) + Row.REPEATS] > 0;
}

function missedDepartures(intake: Intake, flow: number, direction: number, senderTap: number): number {
  const { store } = intake;
  const { records } = store;
  const side = store.side(flow, direction, 1 - senderTap);
  if (store.sides.data[side + Row.WAITING] === 0) return 0;
  const sent = store.side(flow, direction, senderTap);
  const isGapless = store.sides.data[sent + Row.HOLE_TIME] === Number.NEGATIVE_INFINITY;
  let missed = 0;
  for (const r of intake.matcher.waiting(side).slice(0, AUDIT_LIMIT)) {
    // If every byte was seen to leave, the surplus of a merged frame is a copy that a NIC merged with new bytes.
    if (isGapless && records.covered[r] > 0) continue;
    if (records.length[r] === 0 || records.flags[r] & (Tcp.syn | Tcp.rst) || records.state[r] & State.copy)
      continue;
    const end = (records.sequence[r] + records.length[r]) >>> 0;
    const base = store.sides.data[sent + Row.SEQ_BASE];
    if (base < 0) continue;
    const highest = (base + store.sides.data[sent + Row.SEQ_END]) >>> 0;
    // The sender went on past these bytes, so they are its own.
    if (((end - highest) | 0) < 0) missed++;
  }
  return missed;
}
