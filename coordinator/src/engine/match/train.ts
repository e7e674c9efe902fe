import type { PacketTable } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Timeline } from '../timeline/timeline.js';
import { WINDOW_BYTES } from './beyond.js';
import { CONTROL } from './identity.js';
import { DEFAULT_MSS, ID_WINDOW, IDLE_NS, MERGED_FROM, TIMESTAMP_BYTES } from './observe.js';
import { TTL_PAIRS } from './pairs.js';

/** What the add-on knows of an engine or a table; opaque, and good as long as the arrays are there. */
declare const handleTag: unique symbol;
type Handle = { readonly [handleTag]: true };

/** What `coordinator/native/train.c` offers; who makes an engine loads it (`train-addon.ts`), for the engine opens no file. */
export interface TrainAddon {
  readonly revision: number;
  engine(
    numbers: Readonly<Record<string, number>>,
    records: FlowStore['records'],
    rows: Float64Array,
    retired: Int32Array,
    call: Float64Array,
  ): Handle;
  table(table: PacketTable, seen: Uint8Array): Handle;
  take(engine: Handle, table: Handle, pairs: Float64Array, order?: Uint32Array): void;
}

/** Places in the array of numbers that goes with each call, as in the add-on. */
const FIRST = 0;
const END = 1;
const NEAR = 2;
const FIRST_NUMBER = 3;
const SHIFT = 4;
const FLOW = 5;
const DIRECTION = 6;
const ROW = 7;
const WAY = 8;
const SIDE = 9;
const FAR = 10;
const TRANSLATED = 11;
const FREE_HEAD = 12;
const EXTENT = 13;
const LIVE = 14;
const CAME = 15;
const DONE = 16;
const PAIRED = 17;
const CALL_NUMBERS = 18;

/** Every number that the add-on has in common with this source. */
const NUMBERS = {
  ...Row,
  ...State,
  ...{ CONTROL, IDLE_NS, ID_WINDOW, MERGED_FROM, DEFAULT_MSS, TIMESTAMP_BYTES, TTL_PAIRS, WINDOW_BYTES },
} as unknown as Readonly<Record<string, number>>;

/** Where in the rows a direction of a flow stands, and what both taps saw of it. */
export interface Whereabouts {
  readonly flow: number;
  readonly direction: number;
  readonly row: number;
  readonly way: number;
  readonly side: number;
  readonly far: number;
  readonly translated: boolean;
}

/**
 * Takes trains of segments as Express does, by an add-on: of directions whose flow both taps have seen, on a path that changes
 * nothing. It may take fewer than it could, and then the long way takes the next one.
 */
export class Train {
  private readonly addon: TrainAddon;
  private readonly store: FlowStore;
  private readonly timeline: Timeline;
  private readonly call = new Float64Array(CALL_NUMBERS);
  /** Time at tap 0 and difference of each pair of a call. */
  private pairs = new Float64Array(0);
  private readonly tables = new WeakMap<PacketTable, { seen: Uint8Array; handle: Handle }>();
  private engine: Handle | null = null;
  private table: Handle | null = null;
  /** What the engine's handle was made of: arrays are replaced as they grow. */
  private rows: Float64Array | null = null;
  private capacity = 0;

  constructor(addon: TrainAddon, store: FlowStore, timeline: Timeline) {
    this.addon = addon;
    this.store = store;
    this.timeline = timeline;
  }

  /** The trains that follow are rows of `table`; the rest as in Express.open. */
  open(table: PacketTable, seen: Uint8Array, near: number, firstNumber: number, shift: number): void {
    let known = this.tables.get(table);
    if (known?.seen !== seen) {
      known = { seen, handle: this.addon.table(table, seen) };
      this.tables.set(table, known);
    }
    this.table = known.handle;
    if (this.pairs.length < 2 * table.capacity) this.pairs = new Float64Array(2 * table.capacity);
    this.call[NEAR] = near;
    this.call[FIRST_NUMBER] = firstNumber;
    this.call[SHIFT] = shift;
  }

  /**
   * Takes the rows at places [first, end) of `order`, null for the table's own, until one is not taken. Returns the place of
   * that one, or `end`.
   */
  take(at: Whereabouts, first: number, end: number, order: Uint32Array | null): number {
    const { call, store } = this;
    const { records, retired } = store;
    const engine = this.bound();
    call[FIRST] = first;
    call[END] = end;
    call[FLOW] = at.flow;
    call[DIRECTION] = at.direction;
    call[ROW] = at.row;
    call[WAY] = at.way;
    call[SIDE] = at.side;
    call[FAR] = at.far;
    call[TRANSLATED] = at.translated ? 1 : 0;
    call[FREE_HEAD] = records.freeHead;
    call[EXTENT] = records.extent;
    call[LIVE] = records.live;
    call[CAME] = retired.came;
    if (order === null) this.addon.take(engine, this.table as Handle, this.pairs);
    else this.addon.take(engine, this.table as Handle, this.pairs, order);
    records.freeHead = call[FREE_HEAD];
    records.extent = call[EXTENT];
    records.live = call[LIVE];
    retired.came = call[CAME];
    this.tellTimeline(at.way);
    return call[DONE];
  }

  private tellTimeline(way: number): void {
    const { pairs, timeline } = this;
    const sender = this.store.directions.data[way + Row.SENDER_TAP] as 0 | 1;
    const end = 2 * this.call[PAIRED];
    for (let i = 0; i < end; i += 2) timeline.add(sender, pairs[i], pairs[i + 1]);
  }

  private bound(): Handle {
    const { records, flows, retired } = this.store;
    if (this.engine === null || this.rows !== flows.data || this.capacity !== records.capacity) {
      this.engine = this.addon.engine(NUMBERS, records, flows.data, retired.ring, this.call);
      this.rows = flows.data;
      this.capacity = records.capacity;
    }
    return this.engine;
  }
}
