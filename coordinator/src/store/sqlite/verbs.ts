import type { Database } from 'better-sqlite3';
import type { Store } from '../store.js';
import { auditVerbs } from './audit.js';
import { captureVerbs } from './captures.js';
import { evidenceVerbs } from './evidence.js';
import { trustVerbs } from './trust.js';

/** The verbs of a store that run at once, on the thread of the database. */
export type SyncVerbs = {
  [Verb in Exclude<keyof Store, 'close'>]: (
    ...input: Parameters<Store[Verb]>
  ) => Awaited<ReturnType<Store[Verb]>>;
};

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
