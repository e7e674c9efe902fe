import { BATCH_CODEC, crc32, encodeColumns, type PacketTable } from '@bothends/proto';
import { Batch, type Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { earlier } from '../clock/instant.js';
import type { Loss } from '../spool/losses.js';
import type { Spool } from '../spool/spool.js';
import { withLosses } from './coverage.js';

/** Puts rows 0..`count` - 1 into the spool as one batch. False when the disk did not take it. */
export function spoolRows(
  spool: Spool,
  tapId: string,
  table: PacketTable,
  count: number,
  coverage: Coverage,
): boolean {
  const columns = Buffer.from(encodeColumns(table, 0, count));
  const firstNs = table.baseNs + BigInt(table.time[0]);
  const lastNs = table.baseNs + BigInt(table.time[count - 1]);
  const batch = { ...emptyBatch(tapId, spool.nextSequence, coverage), count, firstNs, lastNs, columns };
  const bytes = Batch.encode({ ...batch, crc32: crc32(columns) }).finish();
  return spool.append({ packets: count, firstNs, lastNs }, bytes);
}

/** Puts a coverage without packets into the spool; a `final` one is kept in memory when the disk is full. */
export function spoolCoverage(spool: Spool, tapId: string, coverage: Coverage, final: boolean): void {
  const at = coverage.watermarkNs;
  const bytes = Batch.encode(emptyBatch(tapId, spool.nextSequence, coverage)).finish();
  const info = { packets: 0, firstNs: at, lastNs: at };
  if (final) spool.appendFinal(info, bytes);
  else spool.append(info, bytes);
}

/**
 * The batch after `sequence` as it is to be shipped, null when there is none yet. What the spool lost since is
 * added to its coverage; for a batch that is lost itself there is an empty one that says so.
 */
export function nextBatch(spool: Spool, tapId: string, sequence: number, before: Coverage): Batch | null {
  const entry = spool.read(sequence);
  if (entry === null) return null;
  const losses = spool.losses.all;
  if (entry.kind === 'batch') {
    const batch = Batch.decode(entry.payload);
    return { ...batch, coverage: batch.coverage && withLosses(batch.coverage, losses) };
  }
  return emptyBatch(tapId, entry.sequence, coverageOfLoss(before, entry.loss, losses));
}

/** Known at a lost batch: what was known before, and that nothing is vouched for since. */
function coverageOfLoss(before: Coverage, loss: Loss, losses: readonly Loss[]): Coverage {
  const watermarkNs = earlier(before.watermarkNs, loss.fromNs);
  return withLosses({ ...before, closedNs: 0n, watermarkNs }, losses);
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
