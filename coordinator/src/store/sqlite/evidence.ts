import { type Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { Database } from 'better-sqlite3';
import type { SyncVerbs } from './verbs.js';

type Verbs = Pick<SyncVerbs, 'commit' | 'totals' | 'batches'>;

interface EvidenceRow {
  sequence: bigint;
  count: bigint;
  first_ns: bigint;
  last_ns: bigint;
  codec: bigint;
  crc32: bigint;
  coverage: Uint8Array | null;
  columns: Uint8Array;
}

export function evidenceVerbs(database: Database): Verbs {
  const tapNumber = database.prepare<[string], { number: bigint }>('SELECT number FROM tap WHERE id = ?');
  const insert = database.prepare(
    `INSERT INTO evidence (tap, sequence, count, first_ns, last_ns, codec, crc32, coverage, columns)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (tap, sequence) DO NOTHING`,
  );
  const addTotals = database.prepare(
    'UPDATE tap SET sequence = max(sequence, ?), packets = packets + ? WHERE number = ?',
  );
  const totals = database.prepare<[string], { sequence: bigint; packets: bigint }>(
    'SELECT sequence, packets FROM tap WHERE id = ?',
  );
  const after = database.prepare<[string, bigint, number], EvidenceRow>(
    `SELECT e.sequence, count, first_ns, last_ns, codec, crc32, coverage, columns
     FROM evidence e JOIN tap ON tap.number = e.tap
     WHERE tap.id = ? AND e.sequence > ? ORDER BY e.sequence LIMIT ?`,
  );

  const commitOne = (batch: Batch) => {
    const tap = tapNumber.get(batch.tapId);
    if (tap === undefined) return;
    const { changes } = insert.run(
      tap.number,
      batch.sequence,
      batch.count,
      signed(batch.firstNs),
      signed(batch.lastNs),
      batch.codec,
      batch.crc32,
      batch.coverage === undefined ? null : Coverage.encode(batch.coverage).finish(),
      batch.columns,
    );
    if (changes > 0) addTotals.run(batch.sequence, batch.count, tap.number);
  };
  const commit = database.transaction((batches: readonly Batch[]) => batches.forEach(commitOne));

  return {
    commit: (batches) => commit.immediate(batches),
    totals: (tapId) => totals.get(tapId) ?? { sequence: 0n, packets: 0n },
    batches: (tapId, sequence, limit) => after.all(tapId, sequence, limit).map((row) => batchOf(tapId, row)),
  };
}

function batchOf(tapId: string, row: EvidenceRow): Batch {
  return {
    tapId,
    sequence: row.sequence,
    count: Number(row.count),
    firstNs: BigInt.asUintN(64, row.first_ns),
    lastNs: BigInt.asUintN(64, row.last_ns),
    codec: Number(row.codec),
    columns: Buffer.from(row.columns),
    crc32: Number(row.crc32),
    coverage: row.coverage === null ? undefined : Coverage.decode(row.coverage),
  };
}

/** SQLite's integers are signed; a time of a wild clock keeps its bits. */
function signed(ns: bigint): bigint {
  return BigInt.asIntN(64, ns);
}
