import { State } from '../flows/records.js';
import { HEAD, TOP_NUMBER_0, TOP_NUMBER_1, UNINDEXED } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Identity } from './identity.js';

/** Buckets at first; they double as more records wait than there are buckets. */
const INITIAL_BUCKETS = 8192;

/** Records looked at in one bucket: identical pure ACKs can pile up there, and a few are enough. */
export const CHAIN_LIMIT = 64;

/**
 * Finds a waiting record by identity. Sides are indexed only when a packet is not the one expected next. Trains of segments do
 * the same in the add-on: whoever changes something here changes native/waiting.h.
 */
export class WaitingIndex {
  private readonly store: FlowStore;
  private readonly identity: Identity;
  /** By hash the newest record of a chain, -1 for none; and how many are in all chains. */
  buckets = new Int32Array(INITIAL_BUCKETS).fill(-1);
  size = 0;

  constructor(store: FlowStore, identity: Identity) {
    this.store = store;
    this.identity = identity;
  }

  /** Indexes what has come to wait on a side since the last time. */
  fill(side: number): void {
    const { records, sides } = this.store;
    for (let r = sides.data[side + UNINDEXED]; r >= 0; r = records.nextWaiting[r]) this.add(r);
    sides.data[side + UNINDEXED] = -1;
  }

  /** Forgets a side's records, whose identity changes with what was learned; `fill` takes them anew. */
  renew(side: number): void {
    const { records, sides } = this.store;
    for (let r = sides.data[side + HEAD]; r >= 0; r = records.nextWaiting[r]) this.remove(r);
    sides.data[side + UNINDEXED] = sides.data[side + HEAD];
  }

  remove(r: number): void {
    const { records } = this.store;
    if (!(records.state[r] & State.indexed)) return;
    records.state[r] &= ~State.indexed;
    this.size--;
    const bucket = records.hash[r] & (this.buckets.length - 1);
    let at = this.buckets[bucket];
    if (at === r) {
      this.buckets[bucket] = records.nextInBucket[r];
      return;
    }
    while (records.nextInBucket[at] !== r) at = records.nextInBucket[at];
    records.nextInBucket[at] = records.nextInBucket[r];
  }

  /**
   * The record from the other tap that is the same transmission, or -1. Of several that are alike (without IP id;
   * bytes sent again at once have the same time stamp) it is the oldest after the one matched last, because
   * packets keep their order unless there is proof that they did not; else the oldest of all, which at worst
   * makes it look late and makes no clock wrong.
   */
  twinInTurn(r: number): number {
    const { records, directions } = this.store;
    const hash = this.identity.hash(r);
    const row = this.store.direction(records.flow[r], records.direction[r]);
    const last = directions.data[row + (records.tap[r] === 0 ? TOP_NUMBER_1 : TOP_NUMBER_0)];
    let found = -1;
    let steps = 0;
    // Chains run from new to old.
    for (let c = this.head(hash); c >= 0 && steps < CHAIN_LIMIT; c = records.nextInBucket[c], steps++) {
      if (records.hash[c] !== hash || records.tap[c] === records.tap[r]) continue;
      if (records.state[c] & State.matched || !this.identity.isTwin(r, c)) continue;
      if (found < 0 || records.number[c] > last || records.number[found] <= last) found = c;
    }
    return found;
  }

  /** Whether the same transmission waits at the record's own tap already. */
  hasOwnTwin(r: number): boolean {
    const { records } = this.store;
    this.fill(this.store.side(records.flow[r], records.direction[r], records.tap[r]));
    const hash = this.identity.hash(r);
    let steps = 0;
    for (let c = this.head(hash); c >= 0 && steps < CHAIN_LIMIT; c = records.nextInBucket[c], steps++) {
      if (records.hash[c] === hash && records.tap[c] === records.tap[r] && this.identity.isTwin(r, c))
        return true;
    }
    return false;
  }

  private head(hash: number): number {
    return this.buckets[hash & (this.buckets.length - 1)];
  }

  private add(r: number): void {
    if (this.size > this.buckets.length) this.grow();
    const { records } = this.store;
    const hash = this.identity.hash(r);
    const bucket = hash & (this.buckets.length - 1);
    records.hash[r] = hash;
    records.nextInBucket[r] = this.buckets[bucket];
    this.buckets[bucket] = r;
    records.state[r] |= State.indexed;
    this.size++;
  }

  private grow(): void {
    const { records } = this.store;
    const chained: number[] = [];
    for (let head of this.buckets) for (; head >= 0; head = records.nextInBucket[head]) chained.push(head);
    this.buckets = new Int32Array(this.buckets.length * 2).fill(-1);
    // Chains run from new to old and have to stay so: the far end goes in first.
    for (const r of chained.reverse()) {
      const bucket = records.hash[r] & (this.buckets.length - 1);
      records.nextInBucket[r] = this.buckets[bucket];
      this.buckets[bucket] = r;
    }
  }
}
