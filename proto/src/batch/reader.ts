import { BothendsError } from '../errors/error.js';

/** The error of every batch that cannot be what an encoder wrote. */
export function corrupt(what: string): BothendsError {
  return new BothendsError(
    'data-loss',
    `corrupt batch: ${what}; ask for the batch again, or take it from another copy of the evidence`,
  );
}

/** Reads what ByteWriter wrote. Every read checks its bounds and throws `data-loss` past the end. */
export class ByteReader {
  readonly bytes: Uint8Array;
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  byte(): number {
    if (this.position >= this.bytes.length) throw corrupt('it ends too early');
    return this.bytes[this.position++];
  }

  /** An unsigned 32-bit LEB128. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    const last = this.byte();
    // Four bits are left for the fifth byte.
    if (last > 0x0f) throw corrupt('a number has more than 32 bits');
    return (value | (last << 28)) >>> 0;
  }

  /** A LEB128 of at most 2^53. */
  longVarint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (value > 2 ** 53) break;
        return value;
      }
    }
    throw corrupt('a time has more than 53 bits');
  }

  /** Little-endian 32 bits, unsigned. */
  word(): number {
    if (this.position + 4 > this.bytes.length) throw corrupt('it ends too early');
    const at = this.position;
    this.position = at + 4;
    const b = this.bytes;
    return (b[at] | (b[at + 1] << 8) | (b[at + 2] << 16) | (b[at + 3] << 24)) >>> 0;
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    if (this.position + count > this.bytes.length) throw corrupt('it ends too early');
    this.position += count;
    return this.bytes.subarray(this.position - count, this.position);
  }
}
