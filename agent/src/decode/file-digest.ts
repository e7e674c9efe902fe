import { DIGEST_PREFIX } from '@bothends/proto';
import type { PayloadDigest } from './digest.js';

/** Four words at a time; the first such block is DIGEST_PREFIX, so that its own digest costs nothing. */
const BLOCK = DIGEST_PREFIX;

/**
 * Odd multipliers, the step and the finish of xxHash32 (Collet): a processor works on its four lanes at once. A step is
 * reversible in its word and in its lane, so that no change of a single word is lost.
 */
const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
/** Where the lanes start: any different numbers. */
const START = [0x24234428, 0x85ebca77, 0, 0x61c8864f] as const;

/**
 * Digests of payloads that are read from files and compared with another file on the same machine. They have no
 * key, and a short payload can be computed back from them, so whatever leaves the machine has keyed ones. Keyed
 * ones take longer, because a processor cannot run their steps in parallel.
 */
export class FileDigest implements PayloadDigest {
  readonly result = new Uint32Array(2);
  readonly #tail = new DataView(new ArrayBuffer(BLOCK));

  ofPayload(view: DataView, at: number, length: number): void {
    let a: number = START[0];
    let b: number = START[1];
    let c: number = START[2];
    let d: number = START[3];
    const end = at + length;
    let prefix = 0;
    for (let p = at; p < end; p += BLOCK) {
      const whole = end - p >= BLOCK;
      const source = whole ? view : this.#padded(view, p, end);
      const from = whole ? p : 0;
      a = round(a, source.getInt32(from, true));
      b = round(b, source.getInt32(from + 4, true));
      c = round(c, source.getInt32(from + 8, true));
      d = round(d, source.getInt32(from + 12, true));
      if (p === at) prefix = finish(a, b, c, d, Math.min(length, BLOCK));
    }
    this.result[0] = prefix;
    // In another order, so that the halves of a short payload are two digests.
    this.result[1] = finish(d, c, b, a, length);
  }

  /** The last, partial block: its bytes, then zeros; the length goes into the finish. */
  #padded(view: DataView, at: number, end: number): DataView {
    const tail = this.#tail;
    for (let i = 0; i < BLOCK; i++) tail.setUint8(i, at + i < end ? view.getUint8(at + i) : 0);
    return tail;
  }
}

/** Takes a word into a lane. */
function round(lane: number, word: number): number {
  const sum = (lane + Math.imul(word, P2)) | 0;
  return Math.imul((sum << 13) | (sum >>> 19), P1);
}

function finish(a: number, b: number, c: number, d: number, length: number): number {
  let h =
    ((a << 1) | (a >>> 31)) + ((b << 7) | (b >>> 25)) + ((c << 12) | (c >>> 20)) + ((d << 18) | (d >>> 14));
  h = Math.imul((h + length) ^ ((h + length) >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return h ^ (h >>> 16);
}
