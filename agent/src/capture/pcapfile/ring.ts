import { BothendsError, PacketTable, Scan, scanBytes, tableBytes } from '@bothends/proto';
import { scanTable } from '../../decode/scan.js';

/**
 * Rows of a ring's tables. What is taken from one file waits until the other's rows come: with 4096 a fifth of the time
 * goes by in the processor's caches, fewer than this gain nothing.
 */
export const ROWS = 1024;
/** Tables of a ring: one being filled, one being taken in, the rest so that neither end waits for a jitter. */
export const SLOTS = 8;
/** While more tables than this wait to be taken in, the thread that fills them may sleep: being woken costs both. */
const ENOUGH = SLOTS / 2;
/**
 * Looks at a counter before the thread that takes tables in goes to sleep: some 40 µs, less than a table takes. Sleeping and
 * waking cost both threads system calls, and a core that was halted comes back late.
 */
const LOOKS = 20_000;
/** Far above any disk's answer; a thread that died would otherwise be waited for without end. */
const SILENCE_MS = 60_000;

/** Indices of the counters that both threads see: tables produced, which is waited on, and tables given back. */
const PRODUCED = 0;
const RETURNED = 1;

/** What stands beside the columns of a table: rows and, as in `ByteSource`, bytes read; then its base time. */
const LENGTH = 0;
const BYTES_READ = 1;
const BASE_NS_AT = 16;
const HEAD_BYTES = 24;

/** The memory of a ring, to be handed to the other thread. */
export interface RingMemory {
  /** Counts what was given back to any ring of the producing thread, which waits on it. */
  readonly wake: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly heads: readonly SharedArrayBuffer[];
  readonly tables: readonly SharedArrayBuffer[];
  readonly scans: readonly SharedArrayBuffer[];
}

/** Memory for the `wake` of rings with one producing thread. */
export function wakeMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(4);
}

export function ringMemory(wake: SharedArrayBuffer): RingMemory {
  const blocks = (bytes: number) => Array.from({ length: SLOTS }, () => new SharedArrayBuffer(bytes));
  return {
    wake,
    counters: new SharedArrayBuffer(8),
    heads: blocks(HEAD_BYTES),
    tables: blocks(tableBytes(ROWS)),
    scans: blocks(scanBytes(ROWS)),
  };
}

/** A table of the ring with what belongs to it. */
class Slot {
  readonly table: PacketTable;
  readonly #numbers: Float64Array;
  readonly #baseNs: BigInt64Array;
  readonly #scan: Scan;

  constructor(head: SharedArrayBuffer, table: SharedArrayBuffer, scan: SharedArrayBuffer) {
    this.#numbers = new Float64Array(head, 0, 2);
    this.#baseNs = new BigInt64Array(head, BASE_NS_AT, 1);
    this.table = new PacketTable(ROWS, table);
    this.#scan = new Scan(ROWS, scan);
    this.table.scan = this.#scan;
  }

  static all({ heads, tables, scans }: RingMemory): readonly Slot[] {
    return heads.map(
      (head, i) => new Slot(head, tables[i] as SharedArrayBuffer, scans[i] as SharedArrayBuffer),
    );
  }

  get bytesRead(): number {
    return this.#numbers[BYTES_READ] as number;
  }

  write(bytesRead: number): void {
    this.#numbers[LENGTH] = this.table.length;
    this.#numbers[BYTES_READ] = bytesRead;
    this.#baseNs[0] = this.table.baseNs;
    scanTable(this.#scan, this.table);
  }

  read(): void {
    this.table.length = this.#numbers[LENGTH] as number;
    this.table.baseNs = this.#baseNs[0] as bigint;
  }
}

/** Looks for a while whether a counter still has a value; true when it is time to sleep until it has another. */
function stays(counters: Int32Array, index: number, value: number): boolean {
  for (let look = 0; look < LOOKS; look++) if (Atomics.load(counters, index) !== value) return false;
  return true;
}

/** The end of a ring that fills tables. */
export class RingProducer {
  readonly #counters: Int32Array;
  readonly #slots: readonly Slot[];
  #produced = 0;

  constructor(memory: RingMemory) {
    this.#counters = new Int32Array(memory.counters);
    this.#slots = Slot.all(memory);
  }

  /** The next table to fill; null while the other thread has all of them. */
  free(): PacketTable | null {
    const returned = Atomics.load(this.#counters, RETURNED);
    return this.#produced - returned < SLOTS ? this.#slot().table : null;
  }

  /** Hands over the table that `free` gave. An empty one says that no more will come. */
  produce(bytesRead: number): void {
    this.#slot().write(bytesRead);
    this.#produced++;
    Atomics.store(this.#counters, PRODUCED, this.#produced);
    Atomics.notify(this.#counters, PRODUCED);
  }

  #slot(): Slot {
    return this.#slots[this.#produced % SLOTS] as Slot;
  }
}

/** The end of a ring that takes tables in. */
export class RingConsumer {
  bytesRead = 0;
  readonly #wake: Int32Array;
  readonly #counters: Int32Array;
  readonly #slots: readonly Slot[];
  #taken = 0;

  constructor(memory: RingMemory) {
    this.#wake = new Int32Array(memory.wake);
    this.#counters = new Int32Array(memory.counters);
    this.#slots = Slot.all(memory);
  }

  /** The next table; gives back the one before it. Blocks this thread; throws `internal` when the other one is dead. */
  next(): PacketTable {
    Atomics.store(this.#counters, RETURNED, this.#taken);
    Atomics.add(this.#wake, 0, 1);
    const waiting = Atomics.load(this.#counters, PRODUCED) - this.#taken;
    if (waiting <= ENOUGH) Atomics.notify(this.#wake, 0);
    while (stays(this.#counters, PRODUCED, this.#taken)) {
      if (Atomics.wait(this.#counters, PRODUCED, this.#taken, SILENCE_MS) === 'timed-out') {
        throw new BothendsError('internal', `reading made no progress for ${SILENCE_MS / 1000} s`);
      }
    }
    const slot = this.#slots[this.#taken % SLOTS] as Slot;
    this.#taken++;
    slot.read();
    this.bytesRead = slot.bytesRead;
    return slot.table;
  }
}
