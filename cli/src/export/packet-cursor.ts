import { crc32, decodeColumns, PacketTable } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';

/** The packets of one tap, one after another, as the engine numbers them. */
export class PacketCursor {
  readonly table = new PacketTable();
  /** Row in `table`; -1 before the first and after the last packet. */
  row = -1;
  /** Number of the row's packet at this tap, from 1. */
  number = 0;
  readonly #batches: Iterator<Batch>;
  #originNs = 0n;
  /** ns from the origin to the table's base. */
  #baseNs = 0;

  constructor(batches: Iterator<Batch>) {
    this.#batches = batches;
    this.table.length = 0;
  }

  /** The moment that `elapsedNs` counts from, epoch ns. */
  countFrom(originNs: bigint): void {
    this.#originNs = originNs;
    this.#baseNs = Number(this.table.baseNs - originNs);
  }

  /** ns from the origin to the row's packet; exact within 104 days. */
  get elapsedNs(): number {
    return this.#baseNs + (this.table.time[this.row] as number);
  }

  /** Goes to the next packet; false when there are none left. */
  advance(): boolean {
    this.row++;
    this.number++;
    while (this.row >= this.table.length) {
      const { value, done } = this.#batches.next();
      if (done) {
        this.row = -1;
        return false;
      }
      this.row = 0;
      this.#load(value);
    }
    return true;
  }

  /** A damaged batch holds no packets, for the engine neither. */
  #load({ count, columns, crc32: stated }: Batch): void {
    this.table.length = 0;
    if (count === 0 || crc32(columns) !== stated) return;
    decodeColumns(columns, this.table);
    this.#baseNs = Number(this.table.baseNs - this.#originNs);
  }
}
