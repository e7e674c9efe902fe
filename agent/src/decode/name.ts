import type { Cursor } from './cursor.js';

const DOT = 0x2e;
const UPPER_A = 0x41;
const UPPER_Z = 0x5a;
const TO_LOWER = 0x20;
/** Longest host name in text (RFC 1035: 255 bytes on the wire). */
const MAX_NAME = 255;

/**
 * Copies `length` bytes of a name into the digest's scratch at `to`, in ASCII lower case: resolvers mix the case of
 * what they ask (DNS 0x20), and the digest of a DNS name must equal that of the same TLS server name.
 */
function copyLower(c: Cursor, at: number, length: number, to: number): void {
  const { view } = c;
  const { scratch } = c.digest;
  for (let i = 0; i < length; i++) {
    const byte = view.getUint8(at + i);
    scratch[to + i] = byte >= UPPER_A && byte <= UPPER_Z ? byte | TO_LOWER : byte;
  }
}

/** Digest of a host name in text. */
export function writeTextName(c: Cursor, at: number, length: number): void {
  if (length === 0 || length > MAX_NAME) return;
  copyLower(c, at, length, 0);
  writeScratch(c, length);
}

/**
 * Digest of a DNS name in wire format, as its dotted text without the last dot. Returns the offset after the name,
 * or 0 where the name is compressed, cut or damaged; nothing is written then.
 */
export function writeWireName(c: Cursor, at: number): number {
  const { view } = c;
  const { scratch } = c.digest;
  let from = at;
  let length = 0;
  for (;;) {
    if (from >= c.end) return 0;
    const label = view.getUint8(from++);
    if (label === 0) break;
    // The two high bits mark a compression pointer (RFC 1035 4.1.4).
    if (label > 63 || from + label > c.end || length + label + 1 > MAX_NAME) return 0;
    if (length > 0) scratch[length++] = DOT;
    copyLower(c, from, label, length);
    length += label;
    from += label;
  }
  if (length > 0) writeScratch(c, length);
  return from;
}

function writeScratch(c: Cursor, length: number): void {
  const { table, row, digest, names } = c;
  digest.ofScratch(length);
  table.nameHigh[row] = digest.result[0] as number;
  table.nameLow[row] = digest.result[1] as number;
  names?.note(digest.scratch, length, table.nameHigh[row] as number, table.nameLow[row] as number);
}
