import { State } from '../flows/records.js';
import { EVICTED } from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';

/**
 * Records that may be alive at once. 80 ms of 10 Gbit/s are some 70 000 packets; beyond this the oldest
 * unmatched ones are let go, counted per side, and lower the coverage of their flow.
 */
const RECORD_LIMIT = 262_144;

/** Bits of a record's state that say nothing about who holds it. */
const PASSIVE =
  State.copy |
  State.repeat |
  State.lateFill |
  State.overdue |
  State.oldId |
  State.indexed |
  State.translated |
  State.peerTranslated;

/** Keeps memory bounded when packets wait for matches that do not come. */
export class Eviction {
  private readonly store: FlowStore;
  private readonly leave: (r: number, side: number) => void;
  /** Records alive above which to look whether too many wait for their match. */
  private ceiling = RECORD_LIMIT;

  /** `leave` takes a record out of the waiting ones of its side. */
  constructor(store: FlowStore, leave: (r: number, side: number) => void) {
    this.store = store;
    this.leave = leave;
  }

  /**
   * Lets the older half of the unmatched records go when too many are alive. Those that are kept for being notable do
   * not count: they grow with the flows, and letting others go makes no room for them.
   */
  relieve(): void {
    const { records } = this.store;
    if (records.live <= this.ceiling) return;
    const waiting = this.passive();
    this.ceiling = Math.max(RECORD_LIMIT, records.live - waiting.length + RECORD_LIMIT);
    if (records.live <= this.ceiling) return;
    waiting.sort((a, b) => records.time[a] - records.time[b]);
    for (const r of waiting.slice(0, Math.ceil(waiting.length / 2))) this.evict(r);
  }

  private passive(): number[] {
    const { records } = this.store;
    const list: number[] = [];
    for (let r = 0; r < records.extent; r++) {
      if (records.flow[r] >= 0 && !(records.state[r] & ~PASSIVE) && records.holds[r] === 0) list.push(r);
    }
    return list;
  }

  private evict(r: number): void {
    const { records, sides } = this.store;
    const side = this.store.side(records.flow[r], records.direction[r], records.tap[r]);
    this.leave(r, side);
    sides.data[side + EVICTED]++;
    records.release(r);
  }
}
