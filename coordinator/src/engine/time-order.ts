import type { PacketTable } from '@bothends/proto';

/** Stamps of one tap run backwards by µs (several queues); by this much only when the clock was set back. */
export const BACKWARDS_NS = 100_000_000;
/** A clock is set back once or twice in a batch; where stamps jump back more often, the packets are out of order. */
const SET_BACK = 2;

/**
 * Row numbers in the order of their times, for batches of captures that were merged, sorted otherwise or taken from
 * several queues. null: they are in order, or a clock was set back among them, and then their times order nothing.
 */
export function timeOrder(table: PacketTable): Uint32Array | null {
  const { time, length } = table;
  let drops = 0;
  let jumps = 0;
  let before = time[0];
  for (let i = 1; i < length; i++) {
    const now = time[i];
    if (now < before) {
      drops++;
      if (before - now > BACKWARDS_NS) jumps++;
    }
    before = now;
  }
  if (drops === 0 || (jumps > 0 && jumps <= SET_BACK)) return null;
  return sorted(time, length);
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
