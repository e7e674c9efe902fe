import { BothendsError, PacketTable, Scan, tableBytes } from '@bothends/proto';
import { writeDefaults } from '../../decode/defaults.js';
import { scanTable } from '../../decode/scan.js';
import { type AheadAddon, type AheadSlot, type AheadThread, AheadTold, aheadAddon } from './ahead-addon.js';
import type { CaptureFile, CaptureFileInfo, FileRun } from './file.js';
import { ROWS, SLOTS } from './ring.js';
import { notYetKnown, type TableReader } from './table-reader.js';

/** Bytes of packets that are not plain, for each table: as many as ordinary ones in a quarter of its rows have. */
const ASIDE_BYTES = 256 * 1024;
/**
 * How many packets of the first table may be other than plain: those are left to the thread that has all else to do, where each
 * takes several times as long as a plain one.
 */
const MOST_OTHERS = 1 / 4;

export interface AheadOptions {
  /** Rows of a table, and packets of the first one that may be other than plain, as a share. */
  readonly rows?: number;
  readonly mostOthers?: number;
}

/**
 * Reads a file whose first table is there already. A thread of native code decodes the plain packets ahead; the others are
 * decoded here as their table comes, and from what is no packet on the rest of the file is, too.
 */
export class AheadReader implements TableReader {
  bytesRead: number;
  readonly bytesTotal: number;
  readonly #file: CaptureFile;
  readonly #addon: AheadAddon;
  readonly #slots: readonly Slot[];
  readonly #thread: AheadThread;
  /** Of this thread: what was read before the slots, and what is read behind them. */
  readonly #own: PacketTable;
  #isFirst = true;
  #taken: Slot | null = null;
  #isAhead = true;
  #isEnded = false;

  /** null where a thread would not get far; the file has then to be opened again. */
  static of(
    file: CaptureFile,
    { rows = ROWS, mostOthers = MOST_OTHERS }: AheadOptions = {},
  ): AheadReader | null {
    const addon = aheadAddon();
    if (addon === null) return null;
    const first = new PacketTable(rows);
    file.next(first);
    const { run } = file;
    if (run === null || run.plain.packets < (1 - mostOthers) * first.length) return null;
    return new AheadReader(file, addon, run, first);
  }

  private constructor(file: CaptureFile, addon: AheadAddon, run: FileRun, first: PacketTable) {
    const { plain, clock, offset, baseNs } = run;
    this.#file = file;
    this.#addon = addon;
    this.#own = first;
    this.bytesRead = offset;
    this.bytesTotal = file.bytesTotal;
    this.#slots = Array.from({ length: SLOTS }, () => new Slot(first.capacity, baseNs));
    const place = { file: run.file, offset, linkType: plain.linkType };
    this.#thread = addon.start(this.#slots, plain.schedule, plain.quick, place, clock);
  }

  get info(): CaptureFileInfo {
    return this.#isEnded ? this.#file.info : notYetKnown();
  }

  next(): PacketTable | null {
    if (this.#isFirst) {
      this.#isFirst = false;
      return scanned(this.#own);
    }
    while (this.#isAhead) {
      const table = this.#nextAhead();
      if (table.length > 0) return table;
    }
    this.#isEnded = !this.#file.next(this.#own);
    this.bytesRead = this.#file.bytesRead;
    return this.#isEnded ? null : scanned(this.#own);
  }

  /** The thread's next table; the last may be empty. */
  #nextAhead(): PacketTable {
    this.#taken?.clean();
    const slot = this.#slots[this.#addon.next(this.#thread)] as Slot;
    this.#taken = slot;
    slot.complete(this.#file);
    this.bytesRead = slot.offset;
    this.#isAhead = !slot.isLast;
    if (slot.isLast) this.stop();
    return slot.table;
  }

  close(): void {
    this.stop();
    this.#file.close();
  }

  /** Ends the thread alone. */
  stop(): void {
    this.#addon.stop(this.#thread);
  }
}

function scanned(table: PacketTable): PacketTable {
  table.scan ??= new Scan(table.capacity);
  scanTable(table.scan, table);
  return table;
}

/** A table that the thread fills; all of its rows are blank when it gets it. */
class Slot implements AheadSlot {
  readonly table: PacketTable;
  readonly left: Uint32Array;
  readonly bytes = new Uint8Array(ASIDE_BYTES);
  readonly told = new Float64Array(AheadTold.length);
  readonly seen: Uint8Array;
  readonly numbers: Float64Array;

  constructor(rows: number, baseNs: bigint) {
    const scan = new Scan(rows);
    // In one block: sixty arrays of their own take ten times as long to make.
    this.table = new PacketTable(rows, new ArrayBuffer(tableBytes(rows)));
    this.left = new Uint32Array(2 * rows);
    this.table.scan = scan;
    this.table.baseNs = baseNs;
    this.table.isBlank = true;
    this.seen = scan.seen;
    this.numbers = scan.numbers;
    writeDefaults(this.table);
  }

  get offset(): number {
    return this.told[AheadTold.offset] as number;
  }

  get isLast(): boolean {
    return this.told[AheadTold.ended] !== 0;
  }

  /** Decodes the packets that were set aside, and tells the file how far it was read. */
  complete(file: CaptureFile): void {
    const { table, told, left, bytes } = this;
    const rows = told[AheadTold.rows] as number;
    const leftRows = told[AheadTold.leftRows] as number;
    for (let k = 0, at = 0; k < leftRows; k++) {
      const [row, end] = [left[2 * k] as number, left[2 * k + 1] as number];
      table.length = row;
      file.decode(bytes, at, end, table);
      if (table.length !== row + 1) throw new BothendsError('internal', 'a record set aside is no packet');
      at = end;
    }
    table.length = rows;
    if (leftRows > 0) scanned(table);
    if (rows > 0) file.resume(this.offset, rows - leftRows, table.time[rows - 1] as number);
  }

  /** As it was, before it is given back: other packets may have written where plain ones never do. */
  clean(): void {
    if ((this.told[AheadTold.leftRows] as number) > 0) writeDefaults(this.table);
  }
}
