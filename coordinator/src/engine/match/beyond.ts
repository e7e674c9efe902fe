import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/** So far at most a sender goes on at once: more is the end of another turn of the sequence numbers, bytes. */
export const WINDOW_BYTES = 1 << 26;

/**
 * Whether data that begins at `sequence`, seen at `tap`, lies beyond all that the other tap saw of the direction (`way`, with
 * `otherSide` for what that tap saw): then nothing that waits there is it, however much was left waiting by losses.
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
