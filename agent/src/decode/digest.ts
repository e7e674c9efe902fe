import { DIGEST_PREFIX } from '@bothends/proto';

/**
 * Chaskey, a MAC for 32-bit machines (Mouha et al., SAC 2014): 128-bit key, 16-byte blocks. It is used here because
 * JavaScript computes fast only on 32-bit integers: for 64 bytes it needs 32 rounds of 32-bit steps, where SipHash-2-4
 * needs 20 rounds of 64-bit ones, each of which costs about three times as much in halves.
 */

/** Rounds per block: the published 8-round variant; its 64-bit tags are used for equality only. */
const ROUNDS = 8;
/** DIGEST_PREFIX is one block, so that its own digest costs nothing. */
const BLOCK = DIGEST_PREFIX;
/** Where the subkeys stand behind the key: for a whole last block and for a padded one. */
const WHOLE = 4;
const PADDED = 8;
/** Longest input of one digest: a DNS name has at most 255 bytes, a payload digest covers 64. */
const SCRATCH = 256;

export const DIGEST_KEY_BYTES = 16;

/** The published key of digests of files, where none is given: any two of them can be compared. */
export const FILE_DIGEST_KEY: Uint8Array = new TextEncoder().encode('bothends.file.v1');

/** Digests payloads; results are valid until the next call. */
export interface PayloadDigest {
  /** High and low half of the last digest. */
  readonly result: Uint32Array;
  /**
   * Digest of `length` bytes, at least one, from `at`. From `DIGEST_PREFIX` on the high half is the digest of the first
   * `DIGEST_PREFIX` alone: two captures of one payload that kept more and less of it can be compared by that half.
   */
  ofPayload(view: DataView, at: number, length: number): void;
}

/** Keyed 64-bit digests of short byte ranges. One instance per decoder; results are valid until the next call. */
export class KeyedDigest implements PayloadDigest {
  /** High and low half of the last digest. */
  readonly result = new Uint32Array(2);
  /** Bytes that a caller may fill (names in lower case) and digest with `ofScratch`. */
  readonly scratch = new Uint8Array(SCRATCH);
  readonly #scratchView = new DataView(this.scratch.buffer);
  readonly #tail = new DataView(new ArrayBuffer(BLOCK));
  /** Key, then the two subkeys: for a whole last block and for a padded one. */
  readonly schedule = new Int32Array(12);

  /** `key` has 16 bytes. */
  constructor(key: Uint8Array) {
    if (key.length !== DIGEST_KEY_BYTES) throw new RangeError(`digest key of ${key.length} bytes, not 16`);
    const view = new DataView(key.buffer, key.byteOffset, key.length);
    for (let i = 0; i < 4; i++) this.schedule[i] = view.getInt32(i * 4, true);
    double(this.schedule, 0, WHOLE);
    double(this.schedule, WHOLE, PADDED);
  }

  /** Digest of the first `length` bytes of `scratch`. */
  ofScratch(length: number): void {
    this.of(this.#scratchView, 0, length);
  }

  /** Digest of `length` bytes, at least one, from `at`. */
  of(view: DataView, at: number, length: number): void {
    this.#digest(view, at, length, false);
  }

  ofPayload(view: DataView, at: number, length: number): void {
    this.#digest(view, at, length, length > DIGEST_PREFIX);
  }

  /** `prefixed`: the first block is finished like a message of its own, and its half goes into the result. */
  #digest(view: DataView, at: number, length: number, prefixed: boolean): void {
    const keys = this.schedule;
    const last = (length - 1) >> 4;
    const padded = (length & 15) !== 0;
    const subkey = padded ? PADDED : WHOLE;
    let source = view;
    let p = at;
    let prefix = 0;
    let v0 = keys[0] as number;
    let v1 = keys[1] as number;
    let v2 = keys[2] as number;
    let v3 = keys[3] as number;
    if (prefixed) {
      v0 ^= keys[WHOLE] as number;
      v1 ^= keys[WHOLE + 1] as number;
      v2 ^= keys[WHOLE + 2] as number;
      v3 ^= keys[WHOLE + 3] as number;
    }
    for (let block = 0; block <= last; block++) {
      if (block === last) {
        if (padded) {
          this.#pad(view, p, length & 15);
          source = this.#tail;
          p = 0;
        }
        v0 ^= keys[subkey] as number;
        v1 ^= keys[subkey + 1] as number;
        v2 ^= keys[subkey + 2] as number;
        v3 ^= keys[subkey + 3] as number;
      }
      v0 ^= source.getInt32(p, true);
      v1 ^= source.getInt32(p + 4, true);
      v2 ^= source.getInt32(p + 8, true);
      v3 ^= source.getInt32(p + 12, true);
      p += BLOCK;
      for (let round = 0; round < ROUNDS; round++) {
        v0 = (v0 + v1) | 0;
        v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
        v0 = (v0 << 16) | (v0 >>> 16);
        v2 = (v2 + v3) | 0;
        v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
        v0 = (v0 + v3) | 0;
        v3 = ((v3 << 13) | (v3 >>> 19)) ^ v0;
        v2 = (v2 + v1) | 0;
        v1 = ((v1 << 7) | (v1 >>> 25)) ^ v2;
        v2 = (v2 << 16) | (v2 >>> 16);
      }
      if (block === 0) prefix = v0 ^ (keys[WHOLE] as number);
    }
    this.result[0] = prefixed ? prefix : v0 ^ (keys[subkey] as number);
    this.result[1] = v1 ^ (keys[subkey + 1] as number);
  }

  /** 32-bit digest of a 48-bit link address, never 0. */
  ofMac(high16: number, low32: number): number {
    // Two odd multipliers and the finish of MurmurHash3: addresses only need telling apart.
    let h = Math.imul(low32 ^ (this.schedule[0] as number), 0x9e3779b1);
    h ^= Math.imul(high16 ^ (this.schedule[1] as number), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    return (h ^ (h >>> 13)) >>> 0 || 1;
  }

  /** The last, partial block: its bytes, then 1, then zeros. */
  #pad(view: DataView, at: number, length: number): void {
    const tail = this.#tail;
    for (let i = 0; i < length; i++) tail.setUint8(i, view.getUint8(at + i));
    tail.setUint8(length, 1);
    for (let i = length + 1; i < BLOCK; i++) tail.setUint8(i, 0);
  }
}

/** Doubling in GF(2^128), four little-endian words from one place to another. */
function double(words: Int32Array, from: number, to: number): void {
  let carry = (words[from + 3] as number) < 0 ? 0x87 : 0;
  for (let i = 0; i < 4; i++) {
    const word = words[from + i] as number;
    words[to + i] = (word << 1) ^ carry;
    carry = word >>> 31;
  }
}
