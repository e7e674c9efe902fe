/** Words that are kept of every flow of a report. */
export const Total = {
  /** When it began, on tap 0's clock. */
  startedAt: 0,
  /** Longest idle gap whose next packet was delivered, ns. */
  survived: 1,
  /** What the tap that saw more of each direction saw: packets, and bytes of payload. */
  packets: 2,
  bytes: 3,
  /** First and last packet at the client's tap, on its clock, ns; infinite where it saw none. */
  first: 4,
  last: 5,
  /** Answers seen at the client's tap: one for each request that got one. */
  answers: 6,
  /** Packets that each tap saw, and those found at both. */
  seenAt0: 7,
  seenAt1: 8,
  matched: 9,
} as const;

const WORDS = 10;

/** Flows to make room for at first; doubles as they come. */
const INITIAL_FLOWS = 256;

/**
 * Numbers of all flows side by side. As fields of one object per flow, each number would be an object of its own
 * for V8 to collect.
 */
export class Totals {
  private data = new Float64Array(INITIAL_FLOWS * WORDS);
  private count = 0;

  /** Makes room for a flow; returns where it stands. */
  add(): number {
    const at = this.count++ * WORDS;
    if (at === this.data.length) {
      const larger = new Float64Array(this.data.length * 2);
      larger.set(this.data);
      this.data = larger;
    }
    return at;
  }

  get(at: number, word: number): number {
    return this.data[at + word];
  }

  set(at: number, word: number, value: number): void {
    this.data[at + word] = value;
  }
}
