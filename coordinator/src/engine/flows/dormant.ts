import { Archive } from './archive.js';
import { FlowCode, type Held, type Made } from './flow-code.js';
import type { FlowRows } from './flow-rows.js';
import { RowReader, RowWriter } from './row-code.js';
import * as Row from './rows.js';

/** A flow with more records than this is not put away: something is going on there. */
const RECORD_LIMIT = 512;

const NOTHING = new Uint8Array(0);
const NONE: readonly number[] = [];

/** Takes a record out of the index of what waits. */
export type Forget = (r: number) => void;

/**
 * Puts away flows that have gone quiet: writes the rows of a flow and every record that it holds into a few
 * bytes, and restores both exactly as they were. So memory follows the flows that are busy, not all that ever
 * were, and no verdict can tell the difference.
 *
 * At a position are stored: the rows, whether anything waits for its match, the number of records, and the
 * records. When a packet comes, its flow gets its rows back, which say where its records are, and new records;
 * the old ones stay where they are until somebody asks for them. When the flow is put away again, its new records
 * are written behind the old.
 */
export class Dormant {
  private archive = new Archive();
  private readonly rows: FlowRows;
  private readonly code: FlowCode;
  private readonly writer = new RowWriter();
  private readonly reader = new RowReader();

  constructor(rows: FlowRows) {
    this.rows = rows;
    this.code = new FlowCode(rows);
  }

  /** Nothing was ever put away. */
  get isEmpty(): boolean {
    return this.archive.taken === 0;
  }

  /**
   * Puts away the flow at a place and releases its records. Returns its position, or -1 when too much is going on
   * in it.
   */
  pack(place: number, flow: number, forget: Forget): number {
    const { code, writer, rows } = this;
    const held = this.heldAt(place);
    const count = code.gather(flow, held);
    if (count < 0 || count > RECORD_LIMIT) {
      code.letGo(() => {});
      return -1;
    }
    const cursors = this.emptyLists(place, held);
    const before = this.partsAt(place);
    const position = this.positionAt(place);
    this.setPosition(place, -1, 0);
    writer.restart();
    code.writeRows(writer, place);
    writer.number(Number(held.waiting.some((side) => side.length > 0)));
    writer.number(before.count + code.count);
    writer.copy(before.parts);
    if (code.count > 0) code.write(writer, held, cursors);
    code.letGo((r) => {
      forget(r);
      rows.records.release(r);
    });
    if (position >= 0) this.archive.drop(position);
    return this.archive.put(writer.written);
  }

  /** Restores the rows of the flow at `position`, at a place. Returns whether anything of it waits for its match. */
  openRows(position: number, place: number): boolean {
    const { reader } = this;
    reader.open(this.archive.get(position));
    this.code.readRows(reader, place);
    const waits = reader.number() === 1;
    this.setPosition(place, position, reader.position);
    return waits;
  }

  /** Records that the flow at a place has put away. */
  countAt(place: number): number {
    return this.partsAt(place).count;
  }

  /** Restores the records that the flow at a place has put away; those that wait are in its lists again. */
  openRecords(place: number, flow: number): Made {
    const made: Made = { kept: [], recent: [[], []], all: [] };
    this.reader.open(this.partsAt(place).parts);
    while (!this.reader.isAtEnd) this.code.read(this.reader, place, flow, made);
    return made;
  }

  /** Forgets what the flow at a place has put away. */
  dropAt(place: number): void {
    const position = this.positionAt(place);
    if (position >= 0) this.archive.drop(position);
    this.setPosition(place, -1, 0);
  }

  /**
   * Moves everything to new memory when too much of the old is unused. `each` calls `move` for every flow that is
   * put away, with its old position, and gets the new one.
   */
  tidy(each: (move: (position: number) => number) => void): void {
    const old = this.archive;
    if (!old.isWasteful) return;
    this.archive = new Archive();
    each((position) => this.archive.put(old.get(position)));
  }

  private heldAt(place: number): Held {
    const first = this.rows.sideAt(place, 0, 0);
    const waiting: number[][] = [];
    for (let i = 0; i < Row.SIDES; i++) waiting.push(this.rows.waiting(first + i * Row.SIDE_WORDS));
    return {
      kept: this.rows.notableAt(place),
      recent: [this.rows.recentAt(place, 0), this.rows.recentAt(place, 1)],
      waiting,
    };
  }

  /** Takes the flow's records out of its rows; returns, by side, where a range search goes on. */
  private emptyLists(place: number, { waiting }: Held): number[] {
    const first = this.rows.sideAt(place, 0, 0);
    this.rows.clearRecent(place);
    this.rows.setNotable(place, NONE);
    return waiting.map((list, i) => {
      const side = first + i * Row.SIDE_WORDS;
      const cursor = this.rows.sides.data[side + Row.CURSOR] as number;
      if (list.length > 0) this.rows.emptyWaiting(side);
      return cursor;
    });
  }

  // --- what the rows at a place say of what is put away

  private positionAt(place: number): number {
    return this.rows.flows.data[this.rows.rowAt(place) + Row.PUT_AWAY];
  }

  private setPosition(place: number, position: number, from: number): void {
    const row = this.rows.rowAt(place);
    this.rows.flows.data[row + Row.PUT_AWAY] = position;
    this.rows.flows.data[row + Row.PUT_AWAY_FROM] = from;
  }

  private partsAt(place: number): { count: number; parts: Uint8Array } {
    const position = this.positionAt(place);
    if (position < 0) return { count: 0, parts: NOTHING };
    const bytes = this.archive.get(position);
    this.reader.open(bytes, this.rows.flows.data[this.rows.rowAt(place) + Row.PUT_AWAY_FROM]);
    const count = this.reader.number();
    return { count, parts: bytes.subarray(this.reader.position) };
  }
}
