/** Bits of `Scan.seen`. */
export const Seen = {
  /** A whole segment with data or a pure ACK, an open window, and no hint that a verdict may rest on. */
  uneventful: 1,
  /** Same addresses and ports, the same way, as the row before. */
  follows: 2,
} as const;

/** Places in `Scan.numbers`. */
export const Told = { earliest: 0, latest: 1, backwards: 2, cut: 3, cutAt: 4 } as const;
const NUMBERS = 5;

/**
 * What the rows of a table tell without anything being known of their flows; `scanRows` finds out. Whoever fills
 * a table may have that done beforehand, on another thread (`PacketTable.scan`).
 */
export class Scan {
  /** Bits of each row. */
  seen: Uint8Array;
  /** What is told of all rows, as the getters below give it: written by who scans. */
  readonly numbers: Float64Array;

  /** In `memory` (see `scanBytes`), which may be shared with another thread, or in memory of its own. */
  constructor(capacity: number, memory: ArrayBufferLike | null = null) {
    this.numbers = memory ? new Float64Array(memory, 0, NUMBERS) : new Float64Array(NUMBERS);
    this.seen = memory ? new Uint8Array(memory, NUMBERS * 8, capacity) : new Uint8Array(capacity);
  }

  /** The least and the greatest of a table's times, ±Infinity without rows. */
  get earliest(): number {
    return this.numbers[Told.earliest];
  }

  get latest(): number {
    return this.numbers[Told.latest];
  }

  /** No row is earlier than the one before it. */
  get isInOrder(): boolean {
    return this.numbers[Told.backwards] === 0;
  }

  /** Packets that the snaplen cut before their ports, and the most bytes that it left of one of them. */
  get cut(): number {
    return this.numbers[Told.cut];
  }

  get cutAt(): number {
    return this.numbers[Told.cutAt];
  }
}

/** Bytes of memory that a scan of so many rows takes. */
export function scanBytes(capacity: number): number {
  return NUMBERS * 8 + capacity;
}
