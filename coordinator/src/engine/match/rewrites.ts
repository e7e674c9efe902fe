import { Tcp } from '@bothends/proto';
import { ID_CHANGED, ID_KEPT, PAIRS, SEQ_DELTA, TS_KEPT } from '../flows/rows.js';
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

  /**
   * One direction acknowledges the other one's numbers: where a segment arrives with another ACK number than it
   * left with, those are shifted by the difference. So the shift of a direction without data is known even if its
   * SYN was not seen.
   */
  learnFromAcknowledgment(r: number, c: number): void {
    const { records, directions } = this.store;
    if ((records.flags[r] & records.flags[c] & Tcp.ack) === 0 || !this.isOneSending(r, c)) return;
    const at0 = records.tap[r] === 0 ? r : c;
    const at1 = at0 === r ? c : r;
    const shift = (records.acknowledgment[at1] - records.acknowledgment[at0]) >>> 0;
    const opposite = this.store.direction(records.flow[r], 1 - records.direction[r]);
    const d = directions.data;
    if (shift === 0 || d[opposite + PAIRS] > 0 || d[opposite + SEQ_DELTA] !== 0) return;
    d[opposite + SEQ_DELTA] = shift;
    if (records.timestampEcho[r] !== records.timestampEcho[c]) d[opposite + TS_KEPT] = 0;
    this.changed = records.flow[r];
  }

  /** No two sendings of one segment: a second one may acknowledge more than the first. */
  private isOneSending(r: number, c: number): boolean {
    const { ipId, length, timestampValue } = this.store.records;
    if (length[r] === 0 || length[r] !== length[c]) return false;
    if (ipId[r] !== 0 && ipId[r] === ipId[c]) return true;
    return timestampValue[r] !== 0 && timestampValue[r] === timestampValue[c];
  }

  learnIdChange(r: number): void {
    const { records, directions } = this.store;
    const row = this.store.direction(records.flow[r], records.direction[r]);
    directions.data[row + ID_CHANGED]++;
    directions.data[row + ID_KEPT] = 0;
    this.changed = records.flow[r];
  }
}
