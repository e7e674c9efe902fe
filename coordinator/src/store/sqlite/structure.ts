import type { Database } from 'better-sqlite3';
import { storeError } from './errors.js';

/** One thing that is wrong with a store. */
export interface Damage {
  /** The database, a capture, a tap or a batch of it. */
  readonly where: string;
  readonly what: string;
  /** What it means for the reports, and what to do. */
  readonly advice: string;
}

/** A damaged database can have a thousand complaints; the first tell what is the matter. */
const MAX_COMPLAINTS = 10;

/**
 * Complaints of SQLite itself about the file, of which either check reads all.
 * @param check the quick one does not hold indices against their tables
 */
export function structuralDamage(database: Database, check: 'quick_check' | 'integrity_check'): Damage[] {
  const where = database.name;
  try {
    const rows = database.pragma(`${check}(${MAX_COMPLAINTS})`) as Record<string, string>[];
    const complaints = rows.flatMap((row) => Object.values(row)).filter((text) => text !== 'ok');
    const advice = 'stop the coordinator and restore the folder from a copy';
    return complaints.map((what) => ({ where, what, advice }));
  } catch (thrown) {
    return [unreadable(where, thrown)];
  }
}

/** What could not be read to its end. @throws BothendsError whatever else went wrong */
export function unreadable(where: string, thrown: unknown): Damage {
  const error = storeError(thrown);
  if (error.code !== 'data-loss') throw error;
  return { where, what: error.message, advice: 'what was not reached is not examined' };
}
