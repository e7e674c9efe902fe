import { State } from '../flows/records.js';
import { RECENT, SEQ_DELTA } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Identity } from './identity.js';
import type { WaitingIndex } from './waiting-index.js';

/** Tells copies that the network made from packets of their own. */
export class Copies {
  private readonly store: FlowStore;
  private readonly identity: Identity;
  private readonly index: WaitingIndex;

  constructor(store: FlowStore, identity: Identity, index: WaitingIndex) {
    this.store = store;
    this.identity = identity;
    this.index = index;
  }

  /**
   * The same transmission was seen before at this tap. The mark is taken off again if the record finds a match of
   * its own.
   */
  isCopy(r: number): boolean {
    const { records } = this.store;
    if (this.identity.discriminator(r) === 0) return false;
    if (!this.isSuspect(r)) return records.length[r] === 0 && records.ipId[r] === 0 && this.isAmongRecent(r);
    if (this.isAmongRecent(r) || this.isAmongNotable(r) || this.index.hasOwnTwin(r)) return true;
    return this.isAmongRetired(r);
  }

  /** Its twin has the sequence number as at its own tap or, where a device rewrites numbers, as at the other. */
  private isAmongRetired(r: number): boolean {
    const { records, directions, retired } = this.store;
    const isTwin = (c: number) => this.identity.isTwin(r, c);
    if (retired.some(r, records.sequence[r], isTwin)) return true;
    const delta = directions.data[this.store.direction(records.flow[r], records.direction[r]) + SEQ_DELTA];
    if (delta === 0) return false;
    const other = records.tap[r] === 0 ? records.sequence[r] + delta : records.sequence[r] - delta;
    return retired.some(r, other >>> 0, isTwin);
  }

  /** A copy bears bytes that were sent before, or at least an id that was used before (where ids are not random). */
  private isSuspect(r: number): boolean {
    return (this.store.records.state[r] & (State.repeat | State.oldId)) !== 0;
  }

  /** Records kept for the verdicts never retire. */
  private isAmongNotable(r: number): boolean {
    const notable = this.store.notable(this.store.records.flow[r]);
    return notable.some((c) => c !== r && this.identity.isTwin(r, c));
  }

  private isAmongRecent(r: number): boolean {
    const { flows, records } = this.store;
    this.store.summon(records.flow[r]);
    for (let tap = 0; tap < 2; tap++) {
      const ring = this.store.ring(records.flow[r], tap);
      for (let place = ring; place < ring + RECENT; place++) {
        const c = flows.data[place];
        if (c >= 0 && c !== r && this.identity.isTwin(r, c)) return true;
      }
    }
    return false;
  }
}
