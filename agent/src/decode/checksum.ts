import { Checksum } from '@bothends/proto';
import type { Cursor } from './cursor.js';

/**
 * Longer segments are not verified: a checksum costs per byte, and it matters on RSTs, SYNs, ACKs and small
 * requests.
 */
const VERIFIED_BYTES = 256;

/**
 * State of the TCP or UDP checksum at `at` of a segment that starts at `start` and has `length` bytes on the wire.
 * A packet that offload left for the network card to finish holds the sum of the pseudo-header alone: `partial`.
 */
export function checksumState(c: Cursor, start: number, length: number, at: number): number {
  const { view } = c;
  const pseudo = pseudoHeaderSum(c, length);
  const stored = view.getUint16(at);
  const whole = length <= VERIFIED_BYTES && c.end - start >= length;
  if (whole && fold(pseudo + sumBytes(view, start, length)) === 0xffff) return Checksum.ok;
  if (stored === fold(pseudo)) return Checksum.partial;
  return whole ? Checksum.bad : Checksum.unknown;
}

function pseudoHeaderSum(c: Cursor, length: number): number {
  const { table, row } = c;
  const { source, destination } = table;
  let sum = (table.protocol[row] as number) + (length >>> 16) + (length & 0xffff);
  // An IPv4-mapped address adds nothing but its last word.
  for (let i = table.ipVersion[row] === 4 ? 3 : 0; i < 4; i++) {
    const a = source[row * 4 + i] as number;
    const b = destination[row * 4 + i] as number;
    sum += (a >>> 16) + (a & 0xffff) + (b >>> 16) + (b & 0xffff);
  }
  return sum;
}

/** Sum of 16-bit words, an odd last byte padded with zero; at most 256 bytes, so that it fits 31 bits. */
function sumBytes(view: DataView, start: number, length: number): number {
  let sum = 0;
  let at = start;
  const end = start + length;
  for (; at + 4 <= end; at += 4) {
    const word = view.getUint32(at);
    sum += (word >>> 16) + (word & 0xffff);
  }
  if (at + 2 <= end) {
    sum += view.getUint16(at);
    at += 2;
  }
  return at < end ? sum + (view.getUint8(at) << 8) : sum;
}

function fold(sum: number): number {
  const once = (sum >>> 16) + (sum & 0xffff);
  return ((once >>> 16) + once) & 0xffff;
}
