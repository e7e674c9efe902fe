import type { PacketTable, Scan } from '@bothends/proto';
import { KEY_WORDS, MAPPED } from '../flows/flow-table.js';
import { LINK_WORDS, Link } from '../flows/links.js';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { FlowStore } from '../flows/store.js';
import type { Tap } from '../taps.js';
import type { Timeline } from '../timeline/timeline.js';
import { WINDOW_BYTES } from './beyond.js';
import { CONTROL } from './identity.js';
import { DEFAULT_MSS, ID_WINDOW, IDLE_NS, MERGED_FROM, TIMESTAMP_BYTES } from './observe.js';
import { TTL_PAIRS } from './pairs.js';
import { CHAIN_LIMIT, type WaitingIndex } from './waiting-index.js';

/** What the add-on knows of an engine or a table; opaque, and good as long as the arrays are there. */
declare const handleTag: unique symbol;
type Handle = { readonly [handleTag]: true };

/** The arrays of an engine that the add-on works on. */
interface Arrays {
  readonly records: FlowStore['records'];
  readonly rows: Float64Array;
  readonly links: Int32Array;
  readonly linkedFlows: number;
  readonly keys: Uint32Array;
  readonly slots: Int32Array;
  readonly tableSlots: number;
  readonly cache: Int32Array;
  readonly tags: Int32Array;
  readonly cacheSlots: number;
  readonly retired: Int32Array;
  readonly retiredPlaces: number;
  readonly buckets: Int32Array;
  readonly waitingBuckets: number;
}

/** What `coordinator/native/train.c` offers; who makes an engine loads it (`train-addon.ts`), for the engine opens no file. */
export interface TrainAddon {
  readonly revision: number;
  engine(numbers: Readonly<Record<string, number>>, arrays: Arrays, call: Float64Array): Handle;
  table(table: PacketTable, seen: Uint8Array): Handle;
  take(engine: Handle, table: Handle, pairs: Float64Array, order?: Uint32Array): void;
}

/** Places in the array of numbers that goes with each call, as in the add-on. */
const FIRST = 0;
const END = 1;
const NEAR = 2;
const FIRST_NUMBER = 3;
const SHIFT = 4;
const FREE_HEAD = 5;
const EXTENT = 6;
const LIVE = 7;
const CAME = 8;
const INDEXED = 9;
/** Up to this place what rows will look at was fetched before their turn. */
const AHEAD = 10;
const DONE = 11;
const PAIRED = 12;
const CALL_NUMBERS = 13;

/**
 * Numbers told of each matched pair: the tap that saw it first, its time at tap 0, and the difference of its two
 * times.
 */
const PAIR_NUMBERS = 3;

/**
 * Where the add-on takes no row, it is asked again only after 1, 3, 7, … rows, at most this many: a call costs as
 * much as one or two rows on the short way.
 */
const LONGEST_PAUSE = 64;

/** Every number that the add-on has in common with this source. */
const NUMBERS = {
  ...Row,
  ...State,
  ...Link,
  ...{ LINK_WORDS, KEY_WORDS, MAPPED },
  ...{
    CONTROL,
    IDLE_NS,
    ID_WINDOW,
    MERGED_FROM,
    DEFAULT_MSS,
    TIMESTAMP_BYTES,
    TTL_PAIRS,
    WINDOW_BYTES,
    CHAIN_LIMIT,
  },
} as unknown as Readonly<Record<string, number>>;

/**
 * Takes trains of segments in the C add-on, as Express does here: for flows that both taps have seen, on a path
 * that changes nothing. It may take fewer than it could; the next row then goes another way.
 */
export class Train {
  private readonly addon: TrainAddon;
  private readonly store: FlowStore;
  private readonly timeline: Timeline;
  private readonly index: WaitingIndex;
  private readonly call = new Float64Array(CALL_NUMBERS);
  private pairs = new Float64Array(0);
  private readonly tables = new WeakMap<PacketTable, { seen: Uint8Array; handle: Handle }>();
  private table: Handle | null = null;
  private order: Uint32Array | null = null;
  private engine: Handle | null = null;
  /** What the engine's handle was made of: arrays are replaced as they grow. */
  private rows: Float64Array | null = null;
  private links: Int32Array | null = null;
  private keys: Uint32Array | null = null;
  private slots: Int32Array | null = null;
  private buckets: Int32Array | null = null;
  private capacity = 0;
  longestPause = LONGEST_PAUSE;
  /** Rows to skip before the add-on is asked again, and how many it will be if that call takes none. */
  private pause = 0;
  private nextPause = 0;

  constructor(addon: TrainAddon, store: FlowStore, timeline: Timeline, index: WaitingIndex) {
    this.addon = addon;
    this.store = store;
    this.timeline = timeline;
    this.index = index;
  }

  /** From now on rows of `table` are taken, as in Express.open. */
  open(tap: Tap, table: PacketTable, scan: Scan, shift: number, order: Uint32Array | null): void {
    let known = this.tables.get(table);
    if (known?.seen !== scan.seen) {
      known = { seen: scan.seen, handle: this.addon.table(table, scan.seen) };
      this.tables.set(table, known);
    }
    this.table = known.handle;
    this.order = order;
    const numbers = PAIR_NUMBERS * table.capacity;
    if (this.pairs.length < numbers) this.pairs = new Float64Array(numbers);
    this.call[NEAR] = tap.index;
    this.call[FIRST_NUMBER] = tap.packets + 1;
    this.call[SHIFT] = shift;
    this.call[END] = table.length;
    this.call[AHEAD] = 0;
  }

  /**
   * Takes rows from place `first` of the order on. Returns the place of the first one that is not taken, or one
   * past the last.
   */
  take(first: number): number {
    if (this.pause > 0) {
      this.pause--;
      return first;
    }
    const { call, order, pairs, index } = this;
    const { records, retired } = this.store;
    const engine = this.bound();
    const table = this.table as Handle;
    call[FIRST] = first;
    call[FREE_HEAD] = records.freeHead;
    call[EXTENT] = records.extent;
    call[LIVE] = records.live;
    call[CAME] = retired.came;
    call[INDEXED] = index.size;
    if (order === null) this.addon.take(engine, table, pairs);
    else this.addon.take(engine, table, pairs, order);
    records.freeHead = call[FREE_HEAD];
    records.extent = call[EXTENT];
    records.live = call[LIVE];
    retired.came = call[CAME];
    index.size = call[INDEXED];
    this.tellTimeline();
    const done = call[DONE];
    this.nextPause = done > first ? 0 : Math.min(this.longestPause, this.nextPause * 2 + 1);
    this.pause = this.nextPause;
    return done;
  }

  private tellTimeline(): void {
    const { pairs, timeline } = this;
    const end = PAIR_NUMBERS * this.call[PAIRED];
    for (let i = 0; i < end; i += PAIR_NUMBERS) timeline.add(pairs[i] as 0 | 1, pairs[i + 1], pairs[i + 2]);
  }

  private bound(): Handle {
    const { records, flows, links, table } = this.store;
    const isBound =
      this.rows === flows.data &&
      this.links === links.data &&
      this.keys === table.keys &&
      this.slots === table.slots &&
      this.buckets === this.index.buckets &&
      this.capacity === records.capacity;
    if (this.engine === null || !isBound) this.engine = this.bind();
    return this.engine;
  }

  private bind(): Handle {
    const { records, flows, links, table, retired } = this.store;
    this.rows = flows.data;
    this.links = links.data;
    this.keys = table.keys;
    this.slots = table.slots;
    this.buckets = this.index.buckets;
    this.capacity = records.capacity;
    const arrays: Arrays = {
      records,
      rows: flows.data,
      links: links.data,
      linkedFlows: links.data.length / LINK_WORDS,
      keys: table.keys,
      slots: table.slots,
      tableSlots: table.slots.length,
      cache: table.cache,
      tags: table.tags,
      cacheSlots: table.cache.length,
      retired: retired.ring,
      retiredPlaces: retired.ring.length,
      buckets: this.index.buckets,
      waitingBuckets: this.index.buckets.length,
    };
    return this.addon.engine(NUMBERS, arrays, this.call);
  }
}
