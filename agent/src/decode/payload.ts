import { DIGEST_PREFIX } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { type Next, STOP } from './next.js';

/** Payload bytes that a digest covers: enough to tell segments apart, few enough to fit a snaplen of 192. */
export const DIGEST_BYTES = 64;

/**
 * Of a payload that the snaplen cut, only whole blocks are digested, so that a few bytes of link header more or
 * less make no difference between two taps.
 */
const BLOCK_MASK = ~(DIGEST_PREFIX - 1);

/** Writes the payload columns for a payload that starts at `at` and has `length` bytes on the wire. */
export function writePayload(c: Cursor, at: number, length: number): void {
  const { table, row } = c;
  table.payloadLength[row] = length;
  let covered = c.end - at;
  if (covered > length) covered = length;
  if (covered <= 0) return;
  if (covered > DIGEST_BYTES) covered = DIGEST_BYTES;
  if (covered < length && covered > DIGEST_PREFIX) covered &= BLOCK_MASK;
  const { payloadDigest } = c;
  payloadDigest.ofPayload(c.view, at, covered);
  table.digestHigh[row] = payloadDigest.result[0] as number;
  table.digestLow[row] = payloadDigest.result[1] as number;
  table.digestLength[row] = covered;
}

/** What is not looked into (later fragments, unknown protocols): the rest of the IP packet is the payload. */
export function opaquePayload(c: Cursor): Next {
  writePayload(c, c.at, c.wireEnd - c.at);
  return STOP;
}
