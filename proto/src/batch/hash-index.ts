/** 2^32 divided by the golden ratio: spreads neighbouring values over all bits. */
const SPREAD = 0x9e3779b1;

/** Takes one more value into a hash. */
export const mix = (hash: number, value: number): number => {
  const h = Math.imul(hash ^ value, SPREAD);
  return h ^ (h >>> 15);
};

/** Open addressing from a hash to a slot; a slot whose value is 0 is free. Hashes are taken at their word. */
export class HashIndex {
  values = new Int32Array(0);
  #keys = new Int32Array(0);
  #mask = 0;

  /** This index, empty, with room for `count` hashes. */
  cleared(count: number): this {
    // At most half full, so that probe chains stay short.
    const size = 2 ** Math.ceil(Math.log2(count * 2 + 2));
    if (size > this.values.length) {
      this.values = new Int32Array(size);
      this.#keys = new Int32Array(size);
    } else this.values.fill(0, 0, size);
    this.#mask = size - 1;
    return this;
  }

  /** The slot of `hash`; a free slot is claimed by setting its value. */
  find(hash: number): number {
    let slot = (Math.imul(hash, SPREAD) >>> 7) & this.#mask;
    while (this.values[slot] !== 0 && this.#keys[slot] !== hash) slot = (slot + 1) & this.#mask;
    this.#keys[slot] = hash;
    return slot;
  }
}
