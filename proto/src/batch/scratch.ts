import { TABLE_CAPACITY } from '../packet/table.js';

/** An array of integers that coding works on. */
export type Words = Int32Array | Uint16Array;

/**
 * Memory that serves one batch after another, since coding one is never interrupted. It lives outside the garbage
 * collector's heap: new arrays for each batch made V8 collect ten times a second.
 */
export class Scratch<Kind extends Words> {
  readonly #make: (length: number) => Kind;
  #array: Kind;

  constructor(make: (length: number) => Kind, length: number) {
    this.#make = make;
    this.#array = make(length);
  }

  /** `count` elements with whatever the last batch left in them; valid until the next batch. */
  of(count: number): Kind {
    if (this.#array.length < count) this.#array = this.#make(count);
    return this.#array.subarray(0, count) as Kind;
  }

  /** The same, all of them 0. */
  zeros(count: number): Kind {
    return this.of(count).fill(0) as Kind;
  }
}

/** Rows of a table as agents code it, and one more; for larger ones it grows. */
const ROWS = TABLE_CAPACITY + 1;

/** One element a row, or a flow, of which there are no more. */
export const int32 = (): Scratch<Int32Array> => new Scratch((length) => new Int32Array(length), ROWS);
export const uint16 = (): Scratch<Uint16Array> => new Scratch((length) => new Uint16Array(length), ROWS);
