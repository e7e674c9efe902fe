import { auditHash } from '@bothends/proto/evidence/audit-chain';
import type { Database } from 'better-sqlite3';
import type { AuditEntry, StoredAuditEntry } from '../store.js';
import type { SyncVerbs } from './sync-verbs.js';

type Verbs = Pick<SyncVerbs, 'audit' | 'auditLog'>;

export function auditVerbs(database: Database): Verbs {
  const append = database.prepare(
    `INSERT INTO audit (id, at_ns, actor, action, subject, outcome, detail, hash)
     VALUES (@number, @atNs, @actor, @action, @subject, @outcome, @detail, @hash)`,
  );
  const last = database.prepare<[], { number: bigint; hash: Buffer | null }>(
    'SELECT id AS number, hash FROM audit ORDER BY id DESC LIMIT 1',
  );
  const after = database.prepare<[bigint, number], Omit<StoredAuditEntry, 'hash'> & { hash: Buffer | null }>(
    `SELECT id AS number, at_ns AS atNs, actor, action, subject, outcome, detail, hash FROM audit
     WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const appendNext = database.transaction((entry: AuditEntry) => {
    const before = last.get();
    const line = { ...entry, number: (before?.number ?? 0n) + 1n };
    append.run({ ...line, hash: auditHash(before?.hash ?? null, line) });
  });
  return {
    audit: (entry) => appendNext.immediate(entry),
    auditLog: (number, limit) =>
      after.all(number, limit).map((row) => ({ ...row, hash: row.hash ?? Buffer.alloc(0) })),
  };
}
