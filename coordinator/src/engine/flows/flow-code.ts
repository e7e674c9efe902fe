import type { FlowRows } from './flow-rows.js';
import { RecordCode } from './record-code.js';
import { State } from './records.js';
import type { RowReader, RowWriter } from './row-code.js';
import * as Row from './rows.js';

/**
 * How a record's match is written: none; one whose record is gone; or this plus the place of its record in the
 * list.
 */
const NO_PEER = 0;
const GONE = 1;
const PEERS = 2;

/**
 * Rows in which nothing was seen, as bits: the direction back without pairs; side i, counted from 1, without
 * packets. These are written as differences from blank rows, the others from what was seen of the flow elsewhere.
 */
const UNSEEN_BACK = 1;

/** The records that a flow holds. */
export interface Held {
  /** Notable ones. */
  readonly kept: readonly number[];
  /** By tap, the recent ones, oldest first. */
  readonly recent: readonly (readonly number[])[];
  /** By side, those that wait for their match, oldest first. */
  readonly waiting: readonly (readonly number[])[];
}

/** The restored records of a flow. */
export interface Made {
  readonly kept: number[];
  /** By tap; more than a ring holds where packets came after some were put away. */
  readonly recent: readonly [number[], number[]];
  /** All of them, including those that are there only as the match of another. */
  readonly all: number[];
}

/** Writes the rows and records of a flow into a few bytes, and restores them exactly as they were. */
export class FlowCode {
  private readonly rows: FlowRows;
  private readonly records: RecordCode;
  /** The records that are being written, each once: those that the flow holds, then those that only match these. */
  private readonly list: number[] = [];
  private own = 0;
  /** By record: its place in the list plus one; 0 where it is not in it. */
  private numbers = new Int32Array(0);

  constructor(rows: FlowRows) {
    this.rows = rows;
    this.records = new RecordCode(rows.records);
  }

  // --- rows

  writeRows(writer: RowWriter, place: number): void {
    const unseen = this.unseenAt(place);
    writer.number(unseen);
    this.codeRows(writer, place, unseen);
  }

  readRows(reader: RowReader, place: number): void {
    this.codeRows(reader, place, reader.number());
  }

  private unseenAt(place: number): number {
    const { data } = this.rows.flows;
    const first = this.rows.sideAt(place, 0, 0);
    let unseen = data[this.rows.directionAt(place, 1) + Row.PAIRS] === 0 ? UNSEEN_BACK : 0;
    for (let i = 1; i < Row.SIDES; i++)
      if (data[first + i * Row.SIDE_WORDS + Row.PACKETS] === 0) unseen |= 1 << i;
    return unseen;
  }

  /** Writes or reads the rows, each as it differs from one that it resembles. */
  private codeRows(code: RowWriter | RowReader, place: number, unseen: number): void {
    const { data } = this.rows.flows;
    const [forth, back] = [this.rows.directionAt(place, 0), this.rows.directionAt(place, 1)];
    const first = this.rows.sideAt(place, 0, 0);
    code.row(data, this.rows.rowAt(place), Row.FLOW_WORDS, Row.BLANK_FLOW, 0);
    code.row(data, forth, Row.DIRECTION_WORDS, Row.BLANK_DIRECTION, 0);
    if (unseen & UNSEEN_BACK) code.row(data, back, Row.DIRECTION_WORDS, Row.BLANK_DIRECTION, 0);
    else code.row(data, back, Row.DIRECTION_WORDS, data, forth);
    code.row(data, first, Row.SIDE_WORDS, Row.BLANK_SIDE, 0);
    for (let i = 1; i < Row.SIDES; i++) {
      const side = first + i * Row.SIDE_WORDS;
      if (unseen & (1 << i)) code.row(data, side, Row.SIDE_WORDS, Row.BLANK_SIDE, 0);
      else code.row(data, side, Row.SIDE_WORDS, data, likeness(first, i));
    }
  }

  // --- records: to be gathered, then written, then let go of

  /** Takes up the records of a flow. Returns how many it holds, or -1 when some of them are another flow's. */
  gather(flow: number, { kept, recent, waiting }: Held): number {
    const { records } = this.rows;
    if (this.numbers.length < records.capacity) this.numbers = new Int32Array(records.capacity);
    this.include(kept);
    for (const ring of recent) this.include(ring);
    for (const side of waiting) this.include(side);
    this.own = this.list.length;
    for (const r of this.list) if (records.flow[r] !== flow) return -1;
    for (let i = 0; i < this.own; i++) {
      const r = this.list[i] as number;
      if (this.hasPeer(r)) this.number(records.peer[r]);
    }
    return this.own;
  }

  /** Records gathered, with those that the flow does not hold but whose matches it does. */
  get count(): number {
    return this.list.length;
  }

  /** Writes what was gathered; `cursors`: by side, the record where a range search goes on. */
  write(writer: RowWriter, { kept, recent, waiting }: Held, cursors: readonly number[]): void {
    const { records } = this.rows;
    writer.number(this.list.length);
    writer.number(kept.length);
    for (const ring of recent) this.writeList(writer, ring);
    for (let i = 0; i < Row.SIDES; i++) {
      this.writeList(writer, waiting[i] as readonly number[]);
      if (waiting[i]?.length) writer.number(this.numbers[cursors[i] as number] ?? 0);
    }
    this.records.restart();
    for (const r of this.list) {
      const peer = this.hasPeer(r) ? (this.numbers[records.peer[r]] as number) : 0;
      writer.number(records.peer[r] < 0 ? NO_PEER : peer === 0 ? GONE : peer - 1 + PEERS);
      this.records.write(writer, r);
    }
  }

  /** Forgets what was gathered; `each` gets what of it the flow held. */
  letGo(each: (r: number) => void): void {
    for (const r of this.list) this.numbers[r] = 0;
    for (let i = 0; i < this.own; i++) each(this.list[i] as number);
    this.list.length = 0;
  }

  /** Makes what `write` wrote: what waits goes into the lists of the sides at a place, and all is told to `made`. */
  read(reader: RowReader, place: number, flow: number, made: Made): void {
    const { records } = this.rows;
    const [count, kept] = [reader.number(), reader.number()];
    const list: number[] = [];
    for (let i = 0; i < count; i++) list.push(records.take());
    for (const ring of made.recent) readList(reader, list, ring);
    const first = this.rows.sideAt(place, 0, 0);
    for (let i = 0; i < Row.SIDES; i++) this.readWaiting(reader, list, first + i * Row.SIDE_WORDS);
    this.records.restart();
    for (const r of list) {
      const peer = reader.number();
      // A match that is gone is known by its number and time alone: whoever looks for the record finds itself, at its own tap.
      records.peer[r] = peer === NO_PEER ? -1 : peer === GONE ? r : (list[peer - PEERS] as number);
      this.records.read(reader, r);
      records.flow[r] = flow;
    }
    // Only now: each record was written as it differs from the one before, these bits included.
    for (const r of list) records.state[r] &= ~(State.indexed | State.retired);
    for (let i = 0; i < kept; i++) made.kept.push(list[i] as number);
    for (const r of list) made.all.push(r);
  }

  private include(held: readonly number[]): void {
    for (const r of held) this.number(r);
  }

  private number(r: number): void {
    if (this.numbers[r] === 0) this.numbers[r] = this.list.push(r);
  }

  /** Its match is still there, and not another packet in its place. */
  private hasPeer(r: number): boolean {
    const { records } = this.rows;
    const peer = records.peer[r];
    return (
      peer >= 0 &&
      records.flow[peer] === records.flow[r] &&
      records.tap[peer] !== records.tap[r] &&
      records.number[peer] === records.peerNumber[r]
    );
  }

  private writeList(writer: RowWriter, list: readonly number[]): void {
    writer.number(list.length);
    for (const r of list) writer.number(this.numbers[r] - 1);
  }

  private readWaiting(reader: RowReader, made: readonly number[], side: number): void {
    const list: number[] = [];
    readList(reader, made, list);
    if (list.length === 0) return;
    const cursor = reader.number() - 1;
    for (const r of list) this.rows.wait(r, side);
    this.rows.sides.data[side + Row.CURSOR] = cursor < 0 ? -1 : (made[cursor] as number);
  }
}

/** Reads the numbers of some records, and adds these to a list. */
function readList(reader: RowReader, made: readonly number[], list: number[]): void {
  for (let left = reader.number(); left > 0; left--) list.push(made[reader.number()] as number);
}

/** The side that side `i` of a flow most resembles: what the other tap saw of its direction, else tap 0 of the other. */
function likeness(first: number, i: number): number {
  return first + (i === 2 ? 0 : i - 1) * Row.SIDE_WORDS;
}
