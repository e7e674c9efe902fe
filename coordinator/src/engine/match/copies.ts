import { State } from '../flows/records.js';
import { NOTABLE_HEAD, RECENT, SEQ_DELTA } from '../flows/rows.js';
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
    const other = this.farSequence(r);
    if (!this.isSuspect(r))
      return records.length[r] === 0 && records.ipId[r] === 0 && this.isAmongRecent(r, other);
    if (this.isAmongRecent(r, other) || this.isAmongNotable(r, other) || this.index.hasOwnTwin(r))
      return true;
    return this.isAmongRetired(r, other);
  }

  /** A copy bears bytes that were sent before, or at least an id that was used before (where ids are not random). */
  private isSuspect(r: number): boolean {
    return (this.store.records.state[r] & (State.repeat | State.oldId)) !== 0;
  }

  /** The sequence number that a record has at the other tap, another one where a device on the path rewrites them. */
  private farSequence(r: number): number {
    const { records, directions } = this.store;
    const delta = directions.data[this.store.direction(records.flow[r], records.direction[r]) + SEQ_DELTA];
    return (records.tap[r] === 0 ? records.sequence[r] + delta : records.sequence[r] - delta) >>> 0;
  }

  /** Its twin has the sequence number as at its own tap, or as at the other: `other`. Most records have neither. */
  private isTwin(r: number, c: number, other: number): boolean {
    const { sequence } = this.store.records;
    if (sequence[c] !== sequence[r] && sequence[c] !== other) return false;
    return c !== r && this.identity.isTwin(r, c);
  }

  private isAmongRetired(r: number, other: number): boolean {
    const { records, retired } = this.store;
    const isTwin = (c: number) => this.identity.isTwin(r, c);
    if (retired.some(r, records.sequence[r], isTwin)) return true;
    return other !== records.sequence[r] && retired.some(r, other, isTwin);
  }

  /** Records kept for the verdicts never retire. */
  private isAmongNotable(r: number, other: number): boolean {
    const { flows, records } = this.store;
    const flow = records.flow[r];
    this.store.summon(flow);
    for (let c = flows.data[this.store.flow(flow) + NOTABLE_HEAD]; c >= 0; c = records.nextNotable[c])
      if (this.isTwin(r, c, other)) return true;
    return false;
  }

  private isAmongRecent(r: number, other: number): boolean {
    const { flows, records } = this.store;
    this.store.summon(records.flow[r]);
    for (let tap = 0; tap < 2; tap++) {
      const ring = this.store.ring(records.flow[r], tap);
      for (let place = ring; place < ring + RECENT; place++) {
        const c = flows.data[place];
        if (c >= 0 && this.isTwin(r, c, other)) return true;
      }
    }
    return false;
  }
}
