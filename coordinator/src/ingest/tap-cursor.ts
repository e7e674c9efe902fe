import type { Store } from '../store/store.js';

/** How far one tap's evidence has come; shared by all streams that ship it. */
export class TapCursor {
  /** Highest sequence number taken from a stream, and on disk. */
  accepted: bigint;
  committed: bigint;
  /** Packets on disk. */
  packets: bigint;
  /** Why the last commit failed, '' when it did not. */
  trouble = '';

  private constructor(sequence: bigint, packets: bigint) {
    this.accepted = sequence;
    this.committed = sequence;
    this.packets = packets;
  }

  /** Where the store stands. */
  static async load(store: Store, tapId: string): Promise<TapCursor> {
    const { sequence, packets } = await store.totals(tapId);
    return new TapCursor(sequence, packets);
  }

  commit(sequence: bigint, packets: number): void {
    this.committed = sequence;
    this.packets += BigInt(packets);
    this.trouble = '';
  }

  /** A commit failed: everything after the last good one must come again. */
  rewind(why: string): void {
    this.accepted = this.committed;
    this.trouble = why;
  }
}
