import {
  BATCH_CODEC,
  codecOf,
  earlierOf,
  encodeColumns,
  type PacketTable,
  TABLE_CAPACITY,
} from '@bothends/proto';
import { batchPieces } from '@bothends/proto/evidence/batch-bytes';
import { linkOf } from '@bothends/proto/evidence/chain';
import { checksum } from '@bothends/proto/evidence/checksum';
import { Batch, type Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { NameBook } from '../../decode/name-book.js';
import type { Spool } from '../../spool/spool.js';

/** Writes the batches of one tap into its spool, each with a link to the one before. */
export class BatchWriter {
  readonly #spool: Spool;
  readonly #tapId: string;
  readonly #names: NameBook | null;
  readonly #mostRows: number;
  /** Link of the batch before the next; undefined where that is not known. */
  #previous: Buffer | undefined;
  /** The batch appended last. Nearly always it is the next to be shipped, and this saves reading it back. */
  #newest: Batch | null = null;

  /**
   * Continues after the newest batch in the spool.
   * @param names names that go along in clear; null: none
   * @param mostRows the most packets that the coordinator takes in one batch
   */
  constructor(spool: Spool, tapId: string, names: NameBook | null = null, mostRows = TABLE_CAPACITY) {
    this.#names = names;
    this.#mostRows = mostRows;
    this.#spool = spool;
    this.#tapId = tapId;
    const newest = spool.last();
    const batch = newest && Batch.decode(newest);
    if (batch && batch.sequence === BigInt(spool.nextSequence - 1)) this.#previous = linkOf(batch);
  }

  /** The batch of this number, as long as it is the newest. */
  fresh(sequence: number): Batch | null {
    return this.#newest?.sequence === BigInt(sequence) ? this.#newest : null;
  }

  /** Puts rows 0..`count` - 1 into the spool, in one batch where the coordinator takes so many. */
  rows(table: PacketTable, count: number, coverage: Coverage): void {
    for (let from = 0; from < count; from += this.#mostRows) {
      const to = Math.min(count, from + this.#mostRows);
      this.#portion(table, from, to, to === count ? coverage : before(table, to, count, coverage));
    }
  }

  #portion(table: PacketTable, from: number, to: number, coverage: Coverage): void {
    const bytes = encodeColumns(table, from, to);
    const columns = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const count = to - from;
    // Packets of different CPUs are a little out of order, and a gap has to cover every packet of a lost batch.
    const [first, last] = timeRange(table, from, to);
    const firstNs = table.baseNs + BigInt(first);
    const lastNs = table.baseNs + BigInt(last);
    const coded = { codec: codecOf(table), columns, crc32: checksum(columns) };
    const names = this.#names?.take() ?? [];
    const clear = names.length > 0 ? { names: { names } } : {};
    const batch = { ...this.#next(coverage), count, firstNs, lastNs, ...coded, ...clear };
    if (this.#spool.append({ packets: count, firstNs, lastNs }, batchPieces(batch))) this.#appended(batch);
  }

  /** Puts a coverage without packets into the spool; a `final` one is kept in memory when the disk is full. */
  coverage(coverage: Coverage, final: boolean): void {
    const at = coverage.watermarkNs;
    const batch = this.#next(coverage);
    const info = { packets: 0, firstNs: at, lastNs: at };
    if (final) this.#spool.appendFinal(info, batchPieces(batch));
    else if (!this.#spool.append(info, batchPieces(batch))) return;
    this.#appended(batch);
  }

  #appended(batch: Batch): void {
    this.#previous = linkOf(batch);
    this.#newest = batch;
  }

  /** A batch without packets under the next sequence number. */
  #next(coverage: Coverage): Batch {
    const batch = emptyBatch(this.#tapId, this.#spool.nextSequence, coverage);
    return this.#previous ? { ...batch, previous: this.#previous } : batch;
  }
}

/**
 * The batch after `sequence`, null when there is none yet. In the place of one that is lost stands an empty
 * batch: it knows what was known `before`, and vouches for nothing since the loss.
 */
export function nextBatch(spool: Spool, tapId: string, sequence: number, before: Coverage): Batch | null {
  const entry = spool.read(sequence);
  if (entry === null) return null;
  if (entry.kind === 'batch') return Batch.decode(entry.payload);
  const watermarkNs = earlierOf(before.watermarkNs, entry.loss.fromNs);
  return emptyBatch(tapId, entry.sequence, { ...before, closedNs: 0n, watermarkNs });
}

function emptyBatch(tapId: string, sequence: number, coverage: Coverage): Batch {
  return {
    tapId,
    sequence: BigInt(sequence),
    count: 0,
    firstNs: coverage.watermarkNs,
    lastNs: coverage.watermarkNs,
    codec: BATCH_CODEC,
    columns: Buffer.alloc(0),
    crc32: 0,
    coverage,
  };
}

/** A coverage that does not vouch for the time of rows `from`..`to` - 1, which come in a later batch. */
function before(table: PacketTable, from: number, to: number, coverage: Coverage): Coverage {
  const [first] = timeRange(table, from, to);
  return { ...coverage, watermarkNs: earlierOf(coverage.watermarkNs, table.baseNs + BigInt(first) - 1n) };
}

/** Earliest and latest time of rows `from`..`to` - 1, at least one. */
function timeRange({ time }: PacketTable, from: number, to: number): [number, number] {
  let first = time[from];
  let last = time[from];
  for (let i = from + 1; i < to; i++) {
    if (time[i] < first) first = time[i];
    if (time[i] > last) last = time[i];
  }
  return [first, last];
}

/** What the newest batch on disk says of its tap; null when it cannot be read. */
export function lastCoverage(spool: Spool): Coverage | null {
  const payload = spool.last();
  return payload === null ? null : (Batch.decode(payload).coverage ?? null);
}
