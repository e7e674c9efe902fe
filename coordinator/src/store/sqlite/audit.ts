import type { Database } from 'better-sqlite3';
import type { AuditEntry } from '../store.js';
import type { SyncVerbs } from './verbs.js';

type Verbs = Pick<SyncVerbs, 'audit' | 'auditLog'>;

export function auditVerbs(database: Database): Verbs {
  const append = database.prepare(
    `INSERT INTO audit (at_ns, actor, action, subject, outcome, detail)
     VALUES (@atNs, @actor, @action, @subject, @outcome, @detail)`,
  );
  const newest = database.prepare<[number], AuditEntry>(
    `SELECT at_ns AS atNs, actor, action, subject, outcome, detail FROM audit ORDER BY id DESC LIMIT ?`,
  );
  return {
    audit: (entry) => {
      append.run(entry);
    },
    auditLog: (limit) => newest.all(limit).reverse(),
  };
}
