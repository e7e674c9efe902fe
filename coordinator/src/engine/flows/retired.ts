import type { Records } from './records.js';

/**
 * Matched records remembered after their flow moved on, so that a late copy is recognised as one: copies made by
 * the network come within a few packets, and more would not stay in the processor's cache. A power of two.
 */
const RETIRED = 1024;
/** As many as records, so that a chain has few that are not looked for. A power of two. */
const BUCKETS = RETIRED;

/** 2^32 divided by the golden ratio: spreads neighbouring values over all bits. */
const SPREAD = 0x9e3779b1;

/**
 * The records that flows let go of last, findable by what no path changes and by their sequence number at their own tap.
 * They are indexed when one is looked for and not before: few captures have anything that asks.
 */
export class Retired {
  private readonly records: Records;
  /** The n-th record that came, counted from 1, is at place n % RETIRED. */
  readonly ring = new Int32Array(RETIRED).fill(-1);
  came = 0;
  /** Up to this number they are in the chains. */
  private indexed = 0;
  /** Number of the newest in a bucket, and at each place that of the next older in its bucket; 0: none. */
  private readonly newest = new Float64Array(BUCKETS);
  private readonly older = new Float64Array(RETIRED);

  constructor(records: Records) {
    this.records = records;
  }

  /** Remembers a record; returns the one that is forgotten for it, -1 for none. */
  add(r: number): number {
    const place = ++this.came & (RETIRED - 1);
    const forgotten = this.ring[place];
    this.ring[place] = r;
    return forgotten;
  }

  /** Whether any with the flow, direction and length of `r`, and this sequence number as it was captured, passes. */
  some(r: number, sequence: number, test: (c: number) => boolean): boolean {
    this.index();
    // A chain goes on into places that others have taken since: what is there is older than all that is remembered.
    const forgotten = Math.max(0, this.came - RETIRED);
    for (let n = this.newest[this.bucket(r, sequence)]; n > forgotten; n = this.older[n & (RETIRED - 1)])
      if (test(this.ring[n & (RETIRED - 1)])) return true;
    return false;
  }

  private index(): void {
    for (let n = Math.max(this.indexed, this.came - RETIRED) + 1; n <= this.came; n++) {
      const place = n & (RETIRED - 1);
      const r = this.ring[place];
      const bucket = this.bucket(r, this.records.sequence[r]);
      this.older[place] = this.newest[bucket];
      this.newest[bucket] = n;
    }
    this.indexed = this.came;
  }

  private bucket(r: number, sequence: number): number {
    const { flow, direction, length } = this.records;
    const way = Math.imul(flow[r] * 2 + direction[r], SPREAD) ^ length[r];
    const hash = Math.imul(way ^ (way >>> 15) ^ sequence, SPREAD);
    return (hash >>> 16) & (BUCKETS - 1);
  }
}
