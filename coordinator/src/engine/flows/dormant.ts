import { Archive } from './archive.js';
import { Peeks } from './peeks.js';
import { State } from './records.js';
import { RowReader, RowWriter } from './row-code.js';
import * as Row from './rows.js';
import type { FlowStore } from './store.js';

/** More records than this are not put away with a flow: something is going on there. */
const RECORD_LIMIT = 512;

/** How a record's match is written: none, one whose record is gone, else the place of that record in the list and this. */
const NO_PEER = 0;
const GONE = 1;
const PEERS = 2;

/** What two taps saw of two directions. */
const SIDES = 4;

const RING_END = Row.RECENT_0 + 2 * Row.RECENT;

/** Takes a record out of the index of what waits. */
export type Forget = (r: number) => void;

/**
 * Writes a flow of which nothing comes any more into few bytes, its rows and every record that it holds, and makes both
 * of them again, exactly as they were. So memory follows the flows that are busy and not those that ever were, and no
 * verdict can tell the difference.
 */
export class Dormant {
  readonly peeks: Peeks;
  private archive = new Archive();
  private readonly store: FlowStore;
  private readonly writer = new RowWriter();
  private readonly reader = new RowReader();
  /** Of the records made last, those that the flow holds; the rest are there because they are matches of these. */
  held = 0;
  /** A record as a row, and the one written before it. */
  private readonly row: Float64Array;
  private readonly before: Float64Array;

  constructor(store: FlowStore) {
    this.store = store;
    this.peeks = new Peeks(store, this);
    this.row = new Float64Array(store.records.fieldCount);
    this.before = new Float64Array(store.records.fieldCount);
  }

  /** Bytes of memory that flows put away take. */
  get bytes(): number {
    return this.archive.taken;
  }

  /** Puts a flow away and lets go of its records; its position, or -1 when too much of it is going on. */
  pack(flow: number, forget: Forget): number {
    const { store } = this;
    const waiting = this.waitingOf(flow);
    const kept = store.notable(flow);
    const held = new Set<number>(kept);
    for (let tap = 0; tap < 2; tap++) for (const r of store.recent(flow, tap)) held.add(r);
    for (const list of waiting) for (const r of list) held.add(r);
    if (held.size > RECORD_LIMIT || !this.isOwn(flow, held)) return -1;
    const own = held.size;
    for (const r of [...held]) if (this.hasPeer(r)) held.add(store.records.peer[r]);
    const list = [...held];
    const order = new Map(list.map((r, i) => [r, i]));
    this.writer.restart();
    this.before.fill(0);
    this.writer.number(list.length);
    this.writer.number(own);
    this.writer.number(kept.length);
    this.writeRows(flow, order);
    this.writeWaiting(waiting, order);
    for (const r of list) this.writeRecord(r, order);
    for (const r of list.slice(0, own)) {
      forget(r);
      store.records.release(r);
    }
    store.setNotable(flow, []);
    return this.archive.put(this.writer.written);
  }

  /**
   * Makes the rows of a flow put away at `position` in the place of `flow`; its records too where `records` is asked
   * for or something waits, else the rows name none. Returns the records made, null where none were.
   */
  unpack(position: number, flow: number, records: boolean): number[] | null {
    const { reader, store } = this;
    reader.open(this.archive.get(position));
    this.before.fill(0);
    const count = reader.number();
    const own = reader.number();
    const kept = reader.number();
    this.readRows(flow);
    if (!records && !store.someWaits(flow)) {
      const row = store.flow(flow);
      store.flows.data.fill(-1, row + Row.RECENT_0, row + RING_END);
      return null;
    }
    const waiting = this.readWaiting();
    const made = Array.from({ length: count }, () => store.records.take());
    for (const r of made) this.readRecord(r, flow, made);
    this.hold(flow, made, kept);
    for (const [i, { list, cursor }] of waiting.entries()) {
      const side = store.side(flow, i >> 1, i & 1);
      for (const index of list) store.wait(made[index] as number, side);
      store.sides.data[side + Row.CURSOR] = cursor < 0 ? -1 : (made[cursor] as number);
    }
    this.held = own;
    return made;
  }

  /** Forgets what was put away. */
  drop(position: number): void {
    this.archive.drop(position);
  }

  /** Nothing was ever put away. */
  get isEmpty(): boolean {
    return this.archive.taken === 0;
  }

  /** More of the memory holds nothing than something. */
  get isWasteful(): boolean {
    return this.archive.isWasteful;
  }

  /** Begins anew; `each` moves every flow that is put away, by position, and is told where it is then. */
  renew(each: (move: (position: number) => number) => void): void {
    const old = this.archive;
    this.archive = new Archive();
    each((position) => this.archive.put(old.get(position)));
  }

  // --- rows

  private writeRows(flow: number, order: ReadonlyMap<number, number>): void {
    const { store, writer } = this;
    const { flows, directions, sides } = store;
    const own = store.flow(flow);
    this.renumber(own, (r) => order.get(r) as number);
    writer.row(flows.data, own, Row.FLOW_WORDS, Row.BLANK_FLOW, 0);
    const [forth, back] = [store.direction(flow, 0), store.direction(flow, 1)];
    writer.row(directions.data, forth, Row.DIRECTION_WORDS, Row.BLANK_DIRECTION, 0);
    writer.row(directions.data, back, Row.DIRECTION_WORDS, directions.data, forth);
    const first = store.side(flow, 0, 0);
    const cursors: number[] = [];
    for (let i = 0; i < SIDES; i++) {
      const side = first + i * Row.SIDE_WORDS;
      cursors.push(sides.data[side + Row.CURSOR]);
      store.emptyWaiting(side);
    }
    writer.row(sides.data, first, Row.SIDE_WORDS, Row.BLANK_SIDE, 0);
    for (let i = 1; i < SIDES; i++) {
      writer.row(sides.data, first + i * Row.SIDE_WORDS, Row.SIDE_WORDS, sides.data, likeness(first, i));
    }
    for (const cursor of cursors) writer.number((order.get(cursor) ?? -1) + 1);
  }

  private readRows(flow: number): void {
    const { store, reader } = this;
    const { flows, directions, sides } = store;
    reader.row(flows.data, store.flow(flow), Row.FLOW_WORDS, Row.BLANK_FLOW, 0);
    const [forth, back] = [store.direction(flow, 0), store.direction(flow, 1)];
    reader.row(directions.data, forth, Row.DIRECTION_WORDS, Row.BLANK_DIRECTION, 0);
    reader.row(directions.data, back, Row.DIRECTION_WORDS, directions.data, forth);
    const first = store.side(flow, 0, 0);
    reader.row(sides.data, first, Row.SIDE_WORDS, Row.BLANK_SIDE, 0);
    for (let i = 1; i < SIDES; i++) {
      reader.row(sides.data, first + i * Row.SIDE_WORDS, Row.SIDE_WORDS, sides.data, likeness(first, i));
    }
  }

  private renumber(row: number, number: (r: number) => number): void {
    const f = this.store.flows.data;
    for (let place = row + Row.RECENT_0; place < row + RING_END; place++)
      if (f[place] >= 0) f[place] = number(f[place]);
  }

  // --- what waits

  private waitingOf(flow: number): number[][] {
    return [0, 1, 2, 3].map((i) => this.store.waiting(this.store.side(flow, i >> 1, i & 1)));
  }

  private writeWaiting(waiting: readonly number[][], order: ReadonlyMap<number, number>): void {
    for (const list of waiting) {
      this.writer.number(list.length);
      for (const r of list) this.writer.number(order.get(r) as number);
    }
  }

  private readWaiting(): { list: number[]; cursor: number }[] {
    const { reader } = this;
    const cursors = [0, 1, 2, 3].map(() => reader.number() - 1);
    return cursors.map((cursor) => ({
      list: Array.from({ length: reader.number() }, () => reader.number()),
      cursor,
    }));
  }

  // --- records

  /** Records of a joined flow may still stand in the rings of the other one. */
  private isOwn(flow: number, held: ReadonlySet<number>): boolean {
    for (const r of held) if (this.store.records.flow[r] !== flow) return false;
    return true;
  }

  /** Its match is still there, and not another packet in its place. */
  private hasPeer(r: number): boolean {
    const { records } = this.store;
    const peer = records.peer[r];
    return (
      peer >= 0 &&
      records.flow[peer] === records.flow[r] &&
      records.tap[peer] !== records.tap[r] &&
      records.number[peer] === records.peerNumber[r]
    );
  }

  private writeRecord(r: number, order: ReadonlyMap<number, number>): void {
    const { records } = this.store;
    const peer = this.hasPeer(r) ? order.get(records.peer[r]) : undefined;
    this.writer.number(records.peer[r] < 0 ? NO_PEER : peer === undefined ? GONE : peer + PEERS);
    records.copyOut(r, this.row);
    this.writer.row(this.row, 0, this.row.length, this.before, 0);
    this.before.set(this.row);
  }

  private readRecord(r: number, flow: number, made: readonly number[]): void {
    const { records } = this.store;
    const peer = this.reader.number();
    this.reader.row(this.row, 0, this.row.length, this.before, 0);
    this.before.set(this.row);
    records.copyIn(r, this.row);
    records.flow[r] = flow;
    records.state[r] &= ~(State.indexed | State.retired);
    // A match that is gone is known by its number and time alone: whoever looks for the record finds itself, at its own tap.
    records.peer[r] = peer === NO_PEER ? -1 : peer === GONE ? r : (made[peer - PEERS] as number);
  }

  /** Puts records back where the flow held them. */
  private hold(flow: number, made: readonly number[], kept: number): void {
    const { store } = this;
    store.setNotable(flow, made.slice(0, kept));
    const row = store.flow(flow);
    this.renumber(row, (index) => made[index] as number);
    for (let place = row + Row.RECENT_0; place < row + RING_END; place++) {
      const r = store.flows.data[place];
      if (r >= 0) store.records.holds[r]++;
    }
  }
}

/** The side that side `i` of a flow most resembles: what the other tap saw of its direction, else tap 0 of the other. */
function likeness(first: number, i: number): number {
  return first + (i === 2 ? 0 : i - 1) * Row.SIDE_WORDS;
}
