import type { Database } from 'better-sqlite3';
import { auditVerbs } from './audit.js';
import { captureVerbs } from './captures.js';
import { evidenceVerbs } from './evidence.js';
import type { SyncVerbs } from './sync-verbs.js';
import { trustVerbs } from './trust.js';

/** All verbs over one connection. A read-only connection serves those that do not write. */
export function verbsOf(database: Database): SyncVerbs {
  return {
    ...trustVerbs(database),
    ...captureVerbs(database),
    ...evidenceVerbs(database),
    ...auditVerbs(database),
  };
}

/** Verbs that only read; they run beside the writer and never wait for it. */
export const READ_VERBS: ReadonlySet<keyof SyncVerbs> = new Set([
  'enrolRefusal',
  'agents',
  'users',
  'captures',
  'totals',
  'batches',
  'report',
  'auditLog',
] as const);
