import { ID_CHANGED, ID_KEPT, SEQ_DELTA, TS_KEPT } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/** What is learned about fields that the path rewrites. */
export class Rewrites {
  /** Flow of which something was learned, whose waiting records should be tried again; -1 for none. */
  changed = -1;
  private readonly store: FlowStore;

  constructor(store: FlowStore) {
    this.store = store;
  }

  learnDelta(r: number, c: number): void {
    const { records, directions } = this.store;
    const at0 = records.tap[r] === 0 ? r : c;
    const at1 = at0 === r ? c : r;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    directions.data[row + SEQ_DELTA] = (records.sequence[at1] - records.sequence[at0]) >>> 0;
    // A SYN proxy shifts the server's time stamps along with its sequence numbers.
    if (records.timestampValue[r] !== records.timestampValue[c]) directions.data[row + TS_KEPT] = 0;
    this.changed = records.flow[r];
  }

  learnIdChange(r: number): void {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    directions.data[row + ID_CHANGED]++;
    directions.data[row + ID_KEPT] = 0;
    this.changed = records.flow[r];
  }
}
