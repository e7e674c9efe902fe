import { Records } from './records.js';
import * as Row from './rows.js';
import { Rows } from './rows.js';

/** Words of a side that name waiting records. */
const WAITING_ENDS = [Row.HEAD, Row.TAIL, Row.CURSOR, Row.UNINDEXED] as const;

/** Cells of both taps' rings of recent records in a flow's row. */
const RING_END = Row.RECENT_0 + 2 * Row.RECENT;

/**
 * The rows of flows, by place: which flow has which place is for others to know. And the records that rows tie together:
 * those that wait for their match, the recent ones, and those that are kept for verdicts.
 */
export class FlowRows {
  readonly records = new Records();
  /** The rows of flows, of their directions and of their sides stand in the same memory; the name says whose is meant. */
  readonly flows = new Rows();
  readonly directions = this.flows;
  readonly sides = this.flows;
  /** By place the flow that has it; -1: none. */
  readonly flowAt: number[] = [];

  /** Offset of the row of what `tap` saw of `direction` of the flow at a place. */
  sideAt(place: number, direction: number, tap: number): number {
    return place * Row.PLACE_WORDS + Row.SIDES_FROM + (direction * 2 + tap) * Row.SIDE_WORDS;
  }

  directionAt(place: number, direction: number): number {
    return place * Row.PLACE_WORDS + Row.DIRECTIONS_FROM + direction * Row.DIRECTION_WORDS;
  }

  rowAt(place: number): number {
    return place * Row.PLACE_WORDS;
  }

  /** Rows for more flows, blank; returns the first place. */
  makePlaces(count: number): number {
    const first = this.flowAt.length;
    for (let i = 0; i < count; i++) this.flowAt.push(-1);
    this.flows.add(count);
    return first;
  }

  blank(place: number): void {
    this.flows.blank(place);
  }

  // --- waiting: unmatched records of a side, oldest first

  wait(r: number, side: number): void {
    const s = this.sides.data;
    const records = this.records;
    const tail = s[side + Row.TAIL];
    records.previousWaiting[r] = tail;
    records.nextWaiting[r] = -1;
    if (tail >= 0) records.nextWaiting[tail] = r;
    else s[side + Row.HEAD] = r;
    s[side + Row.TAIL] = r;
    s[side + Row.WAITING]++;
    if (s[side + Row.CURSOR] < 0) s[side + Row.CURSOR] = r;
    if (s[side + Row.UNINDEXED] < 0) s[side + Row.UNINDEXED] = r;
  }

  unwait(r: number, side: number): void {
    const s = this.sides.data;
    const records = this.records;
    const before = records.previousWaiting[r];
    const after = records.nextWaiting[r];
    if (before >= 0) records.nextWaiting[before] = after;
    else s[side + Row.HEAD] = after;
    if (after >= 0) records.previousWaiting[after] = before;
    else s[side + Row.TAIL] = before;
    s[side + Row.WAITING]--;
    if (s[side + Row.CURSOR] === r) s[side + Row.CURSOR] = after;
    if (s[side + Row.UNINDEXED] === r) s[side + Row.UNINDEXED] = after;
  }

  /** Waiting records of a side, oldest first. */
  waiting(side: number): number[] {
    const list: number[] = [];
    for (let r = this.sides.data[side + Row.HEAD]; r >= 0; r = this.records.nextWaiting[r]) list.push(r);
    return list;
  }

  /** Forgets that anything waits on a side; the records are another's by now. */
  emptyWaiting(side: number): void {
    const s = this.sides.data;
    for (const word of WAITING_ENDS) s[side + word] = -1;
    s[side + Row.WAITING] = 0;
  }

  // --- recent: the last few packets of a flow at a tap. A packet matched on arrival is held by its first record.

  /** The recent records at a tap of the flow at a place, oldest first. */
  recentAt(place: number, tap: number): number[] {
    const f = this.flows.data;
    const row = this.rowAt(place);
    const ring = row + (tap === 0 ? Row.RECENT_0 : Row.RECENT_1);
    const next = f[row + (tap === 0 ? Row.RECENT_NEXT_0 : Row.RECENT_NEXT_1)];
    const list: number[] = [];
    for (let i = 0; i < Row.RECENT; i++) {
      const r = f[ring + ((next + i) & (Row.RECENT - 1))];
      if (r >= 0) list.push(r);
    }
    return list;
  }

  /** Makes a ring of the newest of `list`, oldest first; what stood there is for the caller to let go of. */
  setRecent(place: number, tap: number, list: readonly number[]): void {
    const f = this.flows.data;
    const row = this.rowAt(place);
    const ring = row + (tap === 0 ? Row.RECENT_0 : Row.RECENT_1);
    const newest = list.slice(-Row.RECENT);
    f.fill(-1, ring, ring + Row.RECENT);
    f.set(newest, ring);
    f[row + (tap === 0 ? Row.RECENT_NEXT_0 : Row.RECENT_NEXT_1)] = newest.length & (Row.RECENT - 1);
  }

  /** Empties both rings of a flow. */
  clearRecent(place: number): void {
    const row = this.rowAt(place);
    this.flows.data.fill(-1, row + Row.RECENT_0, row + RING_END);
  }

  // --- notable: what verdicts may rest on

  /** The notable records of the flow at a place, in the order they came. */
  notableAt(place: number): number[] {
    const list: number[] = [];
    const { nextNotable } = this.records;
    for (let r = this.flows.data[this.rowAt(place) + Row.NOTABLE_HEAD]; r >= 0; r = nextNotable[r])
      list.push(r);
    return list;
  }

  /** Adds a record to the notable ones of the flow whose row is at `row`. */
  addNotable(row: number, r: number): void {
    const f = this.flows.data;
    const tail = f[row + Row.NOTABLE_TAIL];
    this.records.nextNotable[r] = -1;
    if (tail >= 0) this.records.nextNotable[tail] = r;
    else f[row + Row.NOTABLE_HEAD] = r;
    f[row + Row.NOTABLE_TAIL] = r;
  }

  setNotable(place: number, list: readonly number[]): void {
    const row = this.rowAt(place);
    this.flows.data[row + Row.NOTABLE_HEAD] = -1;
    this.flows.data[row + Row.NOTABLE_TAIL] = -1;
    for (const r of list) this.addNotable(row, r);
  }
}
