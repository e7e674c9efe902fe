import { BATCH_CODEC, crc32, encodeColumns, type PacketTable } from '@bothends/proto';
import { Batch, type Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import { earlier } from '../clock/instant.js';
import type { Spool } from '../spool/spool.js';

/** Puts rows 0..`count` - 1 into the spool as one batch. False when the disk did not take it. */
export function spoolRows(
  spool: Spool,
  tapId: string,
  table: PacketTable,
  count: number,
  coverage: Coverage,
): boolean {
  const columns = Buffer.from(encodeColumns(table, 0, count));
  // Packets of different CPUs are a little out of order, and a gap has to cover every packet of a lost batch.
  const [first, last] = timeRange(table, count);
  const firstNs = table.baseNs + BigInt(first);
  const lastNs = table.baseNs + BigInt(last);
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
