/** Bytes a writer starts with: a full batch of bulk TCP fits without growing. */
const INITIAL_BYTES = 64 * 1024;

/** Longest varint of 32 bits, bytes. */
export const MAX_VARINT32 = 5;

/** Append-only bytes. Growth is asked for once (`reserve`) before a run of writes, which then check nothing. */
export class ByteWriter {
  bytes: Uint8Array;
  position = 0;

  constructor(initialBytes: number = INITIAL_BYTES) {
    this.bytes = new Uint8Array(initialBytes);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** `count` bytes of 0, room made for them. */
  zeros(count: number): void {
    this.reserve(count);
    this.bytes.fill(0, this.position, this.position + count);
    this.position += count;
  }

  /** LEB128 of a 32-bit value, taken as unsigned. */
  varint(value: number): void {
    let rest = value;
    while (rest >>> 0 > 0x7f) {
      this.bytes[this.position++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.position++] = rest;
  }

  /** LEB128 of a non-negative integer up to 2^53. */
  longVarint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.bytes[this.position++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.varint(rest);
  }

  /** Little-endian 32 bits. */
  word(value: number): void {
    this.bytes[this.position++] = value;
    this.bytes[this.position++] = value >>> 8;
    this.bytes[this.position++] = value >>> 16;
    this.bytes[this.position++] = value >>> 24;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.bytes.slice(0, this.position);
  }
}
