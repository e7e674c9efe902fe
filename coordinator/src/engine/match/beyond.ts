import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/**
 * The furthest that a sender gets ahead, bytes; a greater difference is an older number, before sequence numbers
 * wrapped.
 */
export const WINDOW_BYTES = 1 << 26;

/**
 * Whether data that begins at `sequence`, seen at `tap`, lies beyond all that the other tap saw of the direction.
 * Then it is none of the packets that wait there, however many losses left waiting. `way` is the offset of the
 * direction's row, `otherSide` that of what the other tap saw of it.
 */
export function isBeyond(
  store: FlowStore,
  way: number,
  otherSide: number,
  tap: number,
  sequence: number,
): boolean {
  const d = store.directions.data;
  const s = store.sides.data;
  // Before anything was matched a shift of the numbers may still have to be learned.
  if (d[way + Row.DELIVERED_SIZE] === 0) return false;
  const delta = tap === 0 ? d[way + Row.SEQ_DELTA] : -d[way + Row.SEQ_DELTA];
  const ahead = (sequence + delta - (s[otherSide + Row.SEQ_BASE] + s[otherSide + Row.SEQ_END])) | 0;
  return ahead >= 0 && ahead < WINDOW_BYTES;
}
