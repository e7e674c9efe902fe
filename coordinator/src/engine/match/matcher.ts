import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import { CURSOR, MATCHED, UNINDEXED, WAITING } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import { isBeyond } from './beyond.js';
import { Copies } from './copies.js';
import { Eviction } from './eviction.js';
import { Identity } from './identity.js';
import { RangeSearch } from './ranges.js';
import { Rewrites } from './rewrites.js';
import { WaitingIndex } from './waiting-index.js';

/** Told of every pair; `aligned` when both begin at the same byte. */
export type PairSink = (atTap0: number, atTap1: number, aligned: boolean) => void;

/**
 * Finds the same packet at the other tap. Packets arrive nearly in order, so first the record after the one matched
 * last; then by identity (sequence range, flags, IP id or time stamp) in a hash, filled only now; where that fails too,
 * because a NIC cut or merged segments or the path rewrote a field, by overlapping ranges.
 */
export class Matcher {
  private readonly store: FlowStore;
  private readonly paired: PairSink;
  private readonly identity: Identity;
  readonly index: WaitingIndex;
  private readonly copies: Copies;
  private readonly rewrites: Rewrites;
  private readonly ranges: RangeSearch;
  /** Lets go of what waits in vain when there is too much of it. */
  readonly eviction: Eviction;

  constructor(store: FlowStore, paired: PairSink) {
    this.store = store;
    this.paired = paired;
    this.identity = new Identity(store);
    this.index = new WaitingIndex(store, this.identity);
    this.copies = new Copies(store, this.identity, this.index);
    this.rewrites = new Rewrites(store);
    this.eviction = new Eviction(store, (r, side) => this.leave(r, side));
    this.ranges = new RangeSearch(store, this.identity, this.rewrites, (r, c, bytes, aligned) =>
      this.pairLasting(r, c, bytes, aligned),
    );
  }

  /**
   * Takes a new record; its flow, direction and tap are set. Returns the record that now stands for the packet: its
   * twin from the other tap where that is the same packet whole, which then knows both sightings, else `r` itself.
   */
  match(r: number): number {
    const { records, sides } = this.store;
    const flow = records.flow[r];
    const direction = records.direction[r];
    const otherSide = this.store.side(flow, direction, 1 - records.tap[r]);
    const someWait = sides.data[otherSide + WAITING] > 0 && !this.isBeyond(r, otherSide);
    const twin = someWait ? this.twin(r, otherSide) : -1;
    if (twin >= 0) {
      this.pair(r, twin, records.length[r], true);
      if (this.rewrites.changed >= 0) this.matchAgain();
      if (!(records.state[r] & State.notable)) {
        // It stands for both sightings; `r` will be another packet's.
        records.peer[twin] = twin;
        return twin;
      }
      this.store.settle(twin);
    } else {
      // If it fits a packet that still waits, it is that one, however much it resembles another that came before.
      if (someWait) this.ranges.search(r, otherSide);
      if (records.covered[r] === 0 && !(records.state[r] & State.matched) && this.copies.isCopy(r))
        records.state[r] |= State.copy;
    }
    if (!(records.state[r] & State.matched))
      this.store.wait(r, this.store.side(flow, direction, records.tap[r]));
    if (this.rewrites.changed >= 0) this.matchAgain();
    return r;
  }

  /** Tries all waiting records of a flow again, after something about its path was learned. */
  rematch(flow: number): void {
    for (let direction = 0; direction < 2; direction++) {
      for (let tap = 0; tap < 2; tap++) this.index.renew(this.store.side(flow, direction, tap));
      const side = this.store.side(flow, direction, 1);
      const otherSide = this.store.side(flow, direction, 0);
      for (const r of this.waiting(side)) {
        const twin = this.twin(r, otherSide);
        if (twin >= 0) this.pairLasting(r, twin, this.store.records.length[r], true);
        else this.ranges.search(r, otherSide);
        if (this.store.records.state[r] & State.matched) this.leave(r, side);
      }
    }
  }

  /** Waiting records of a side, oldest first. */
  waiting(side: number): number[] {
    return this.store.waiting(side);
  }

  /** Takes a record out of the index; whoever puts its flow away keeps the rest of it. */
  forget(r: number): void {
    this.index.remove(r);
  }

  private isBeyond(r: number, otherSide: number): boolean {
    const { records } = this.store;
    if (records.length[r] === 0 || records.flags[r] === 0 || records.flags[r] & (Tcp.syn | Tcp.rst))
      return false;
    const way = this.store.direction(records.flow[r], records.direction[r]);
    return isBeyond(this.store, way, otherSide, records.tap[r], records.sequence[r]);
  }

  private matchAgain(): void {
    const flow = this.rewrites.changed;
    this.rewrites.changed = -1;
    this.rematch(flow);
  }

  private twin(r: number, otherSide: number): number {
    const s = this.store.sides.data;
    const expected = s[otherSide + CURSOR];
    if (expected >= 0 && this.identity.discriminator(r) !== 0 && this.identity.isTwin(r, expected))
      return expected;
    if (s[otherSide + UNINDEXED] >= 0) this.index.fill(otherSide);
    const found = this.index.twinInTurn(r);
    // The next packet follows this one. What was skipped to get here was lost, or comes late.
    if (found >= 0) s[otherSide + CURSOR] = found;
    return found;
  }

  private pair(r: number, c: number, bytes: number, aligned: boolean): void {
    const { records } = this.store;
    records.covered[r] = Math.min(records.length[r], records.covered[r] + bytes);
    records.covered[c] = Math.min(records.length[c], records.covered[c] + bytes);
    if (aligned || records.peer[r] < 0) this.link(r, c);
    if (aligned || records.peer[c] < 0) this.link(c, r);
    this.complete(r);
    const isWhole = this.complete(c);
    if (isWhole) this.leave(c, this.store.side(records.flow[c], records.direction[c], records.tap[c]));
    if (aligned) this.rewrites.learnFromAcknowledgment(r, c);
    if (records.tap[r] === 0) this.paired(r, c, aligned);
    else this.paired(c, r, aligned);
  }

  /** Both records stay, each for its own tap. */
  private pairLasting(r: number, c: number, bytes: number, aligned: boolean): void {
    this.pair(r, c, bytes, aligned);
    this.store.settle(c);
  }

  /** Takes a record out of those that wait on a side. */
  leave(r: number, side: number): void {
    this.index.remove(r);
    this.store.unwait(r, side);
  }

  private link(r: number, c: number): void {
    const { records } = this.store;
    records.peer[r] = c;
    records.peerNumber[r] = records.number[c];
    records.peerTime[r] = records.time[c];
    records.peerTtl[r] = records.ttl[c];
    if (records.state[c] & State.translated) records.state[r] |= State.peerTranslated;
    records.peerType[r] = records.packetType[c];
    records.peerIfindex[r] = records.ifindex[c];
  }

  /** True when every byte of it has been seen at the other tap. */
  private complete(r: number): boolean {
    const { records, sides } = this.store;
    if (records.covered[r] < records.length[r]) return false;
    records.state[r] = (records.state[r] | State.matched) & ~State.copy;
    sides.data[this.store.side(records.flow[r], records.direction[r], records.tap[r]) + MATCHED]++;
    return true;
  }
}
