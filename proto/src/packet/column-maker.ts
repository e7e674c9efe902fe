/** Every column begins where any of their element types may. */
const ALIGNMENT = 8;

/** Makes the columns of a table: one behind the other in a block of memory, or each in memory of its own. */
export class ColumnMaker {
  readonly #memory: ArrayBufferLike | null;
  #end = 0;

  /** `memory` must have room for all columns; they are not cleared. */
  constructor(memory: ArrayBufferLike | null) {
    this.#memory = memory;
  }

  float64(length: number): Float64Array {
    return this.#memory
      ? new Float64Array(this.#memory, this.#take(length * 8), length)
      : new Float64Array(length);
  }

  uint32(length: number): Uint32Array {
    return this.#memory
      ? new Uint32Array(this.#memory, this.#take(length * 4), length)
      : new Uint32Array(length);
  }

  int32(length: number): Int32Array {
    return this.#memory
      ? new Int32Array(this.#memory, this.#take(length * 4), length)
      : new Int32Array(length);
  }

  uint16(length: number): Uint16Array {
    return this.#memory
      ? new Uint16Array(this.#memory, this.#take(length * 2), length)
      : new Uint16Array(length);
  }

  uint8(length: number): Uint8Array {
    return this.#memory ? new Uint8Array(this.#memory, this.#take(length), length) : new Uint8Array(length);
  }

  #take(bytes: number): number {
    const start = this.#end;
    this.#end += aligned(bytes);
    return start;
  }
}

/** Bytes that a column of this size takes in a block of memory. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
