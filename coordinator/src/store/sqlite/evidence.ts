import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Database } from 'better-sqlite3';
import type { SyncVerbs } from './sync-verbs.js';

type Verbs = Pick<SyncVerbs, 'commit' | 'totals' | 'batches'>;

interface EvidenceRow {
  head: Uint8Array;
  columns: Uint8Array;
}

/** Stands for the columns in a head. */
const NO_COLUMNS = Buffer.alloc(0);

/**
 * A batch is kept as its message in two parts, so that whatever agents put into it (coverage, signatures) comes back
 * without a column of its own, and large columns are not encoded anew.
 */
export function evidenceVerbs(database: Database): Verbs {
  const tapNumber = database.prepare<[string], { number: bigint }>('SELECT number FROM tap WHERE id = ?');
  const insert = database.prepare(
    `INSERT INTO evidence (tap, sequence, head, columns) VALUES (?, ?, ?, ?)
     ON CONFLICT (tap, sequence) DO NOTHING`,
  );
  const addTotals = database.prepare(
    'UPDATE tap SET sequence = max(sequence, ?), packets = packets + ? WHERE number = ?',
  );
  const totals = database.prepare<[string], { sequence: bigint; packets: bigint }>(
    'SELECT sequence, packets FROM tap WHERE id = ?',
  );
  const after = database.prepare<[string, bigint, number], EvidenceRow>(
    `SELECT head, columns FROM evidence e JOIN tap ON tap.number = e.tap
     WHERE tap.id = ? AND e.sequence > ? ORDER BY e.sequence LIMIT ?`,
  );

  const commitOne = (batch: Batch) => {
    const tap = tapNumber.get(batch.tapId);
    if (tap === undefined) return;
    const head = Batch.encode({ ...batch, columns: NO_COLUMNS }).finish();
    const { changes } = insert.run(tap.number, batch.sequence, head, batch.columns);
    if (changes > 0) addTotals.run(batch.sequence, batch.count, tap.number);
  };
  const commit = database.transaction((batches: readonly Batch[]) => batches.forEach(commitOne));

  return {
    commit: (batches) => commit.immediate(batches),
    totals: (tapId) => totals.get(tapId) ?? { sequence: 0n, packets: 0n },
    batches: (tapId, sequence, limit) =>
      after
        .all(tapId, sequence, limit)
        .map(({ head, columns }) => ({ ...Batch.decode(head), columns: Buffer.from(columns) })),
  };
}
