import { BATCH_CODEC, codecOf, encodeColumns, type PacketTable } from '@bothends/proto';
import { batchPieces } from '@bothends/proto/evidence/batch-bytes';
import { linkOf } from '@bothends/proto/evidence/chain';
import { checksum } from '@bothends/proto/evidence/checksum';
import { Batch, type Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { earlier } from '../clock/instant.js';
import type { NameBook } from '../decode/name-book.js';
import type { Spool } from '../spool/spool.js';

/** Writes the batches of one tap into its spool, each with a link to the one before. */
export class BatchWriter {
  readonly #spool: Spool;
  readonly #tapId: string;
  readonly #names: NameBook | null;
  /** Link of the batch before the next; undefined where that is not known. */
  #previous: Buffer | undefined;
  /** The batch appended last: nearly always it is the next to be shipped, and need not be read back. */
  #newest: Batch | null = null;

  /**
   * Goes on after the newest batch in the spool.
   * @param names those that go along in clear; null: none
   */
  constructor(spool: Spool, tapId: string, names: NameBook | null = null) {
    this.#names = names;
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

  /** Puts rows 0..`count` - 1 into the spool as one batch. False when the disk did not take it. */
  rows(table: PacketTable, count: number, coverage: Coverage): boolean {
    const bytes = encodeColumns(table, 0, count);
    const columns = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // Packets of different CPUs are a little out of order, and a gap has to cover every packet of a lost batch.
    const [first, last] = timeRange(table, count);
    const firstNs = table.baseNs + BigInt(first);
    const lastNs = table.baseNs + BigInt(last);
    const coded = { codec: codecOf(table), columns, crc32: checksum(columns) };
    const names = this.#names?.take() ?? [];
    const clear = names.length > 0 ? { names: { names } } : {};
    const batch = { ...this.#next(coverage), count, firstNs, lastNs, ...coded, ...clear };
    const kept = this.#spool.append({ packets: count, firstNs, lastNs }, batchPieces(batch));
    if (kept) this.#appended(batch);
    return kept;
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
 * The batch after `sequence`, null when there is none yet. For one that is lost there is an empty one: it knows what
 * was known `before`, and vouches for nothing since the loss.
 */
export function nextBatch(spool: Spool, tapId: string, sequence: number, before: Coverage): Batch | null {
  const entry = spool.read(sequence);
  if (entry === null) return null;
  if (entry.kind === 'batch') return Batch.decode(entry.payload);
  const watermarkNs = earlier(before.watermarkNs, entry.loss.fromNs);
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

/** Earliest and latest time of the first `count` rows, at least one. */
function timeRange({ time }: PacketTable, count: number): [number, number] {
  let first = time[0];
  let last = time[0];
  for (let i = 1; i < count; i++) {
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
