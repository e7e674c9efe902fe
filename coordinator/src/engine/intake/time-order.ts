import type { PacketTable } from '@bothends/proto';

/** Stamps of one tap run backwards by µs (several queues); by this much only when the clock was set back. */
export const BACKWARDS_NS = 100_000_000;
/**
 * Neighbours from several queues are swapped by less than this; what stays behind by more means that the clock
 * was set back.
 */
const STEP_NS = 1_000_000;
/** A clock is set back once or twice in a batch; where stamps jump back more often, the packets are out of order. */
const SET_BACK = 2;

/** In which order the rows of a batch were sent and received. */
export interface TimeOrder {
  /** Row numbers in the order of their times; null: they are in order, or times order nothing. */
  rows: Uint32Array | null;
  /** The clock was set back among the rows. */
  setBack: boolean;
  /** How far stamps run backwards from one row to the next, at most, ns. */
  backNs: number;
}

export const IN_ORDER: TimeOrder = { rows: null, setBack: false, backNs: 0 };

/**
 * Looks whether a batch is in order: captures may be merged, sorted otherwise or taken from several queues. Where the
 * clock was set back in it, the rows stay as they were captured.
 */
export function timeOrder(table: PacketTable): TimeOrder {
  const { time, length } = table;
  let drops = 0;
  let jumps = 0;
  let backNs = 0;
  let before = time[0];
  for (let i = 1; i < length; i++) {
    const now = time[i];
    if (now < before) {
      drops++;
      backNs = Math.max(backNs, before - now);
      if (before - now > BACKWARDS_NS || isStep(table, i)) jumps++;
    }
    before = now;
  }
  if (drops === 0) return IN_ORDER;
  const setBack = jumps > 0 && jumps <= SET_BACK;
  return { rows: setBack ? null : sorted(time, length), setBack, backNs };
}

/** A single packet out of place stands alone among those around it; after a step all that follow are behind. */
function isStep({ time, length }: PacketTable, i: number): boolean {
  if (i < 2 || i + 1 >= length || time[i - 1] - time[i] <= STEP_NS) return false;
  return time[i - 2] > time[i] && time[i + 1] < time[i - 1] && time[i + 1] >= time[i];
}

/** By insertion: where several queues are captured, few rows are out of place, and those by little. */
function sorted(time: Float64Array, length: number): Uint32Array {
  const rows = new Uint32Array(length);
  for (let row = 0; row < length; row++) {
    let at = row;
    for (; at > 0 && time[rows[at - 1]] > time[row]; at--) rows[at] = rows[at - 1];
    rows[at] = row;
  }
  return rows;
}
