import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError, folderError } from '@bothends/proto';
import Sqlite, { type Database } from 'better-sqlite3';
import { migrate } from './migrations.js';

const FILE = 'bothends.db';

export function databasePath(dataDir: string): string {
  return join(dataDir, FILE);
}

/** Memory of the page cache, KiB (negative in SQLite's notation): evidence is written once and streamed. */
const CACHE_KIB = 16_384;

/**
 * Opens the database for its one writer, and migrates it.
 *
 * WAL lets queries read while evidence is written. `synchronous = FULL` makes a commit survive a power cut: the
 * agent forgets a batch as soon as we acknowledge it, so an acknowledged batch must not be lost. Group commit
 * keeps that affordable.
 */
export function openWriter(dataDir: string): Database {
  const database = new Sqlite(databasePath(dataDir));
  database.defaultSafeIntegers(true);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('foreign_keys = ON');
  database.pragma(`cache_size = -${CACHE_KIB}`);
  migrate(database);
  return database;
}

/** Opens the database for queries; the writer must have opened it before. */
export function openReader(dataDir: string): Database {
  const database = new Sqlite(databasePath(dataDir), { readonly: true });
  database.defaultSafeIntegers(true);
  return database;
}

/**
 * Takes the data directory for this process. The kernel drops the lock when the process dies, however it
 * dies, so that it is never stale.
 * @throws BothendsError `failed-precondition` when another coordinator holds it
 */
export function lockDirectory(dataDir: string): Database {
  const lock = new Sqlite(join(dataDir, 'lock.db'), { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    lock.close();
    if (!(cause instanceof Sqlite.SqliteError && cause.code.startsWith('SQLITE_BUSY'))) throw cause;
    throw new BothendsError(
      'failed-precondition',
      `another coordinator is running on ${dataDir} (its process id is in ${join(dataDir, 'coordinator.pid')}): ` +
        'stop it, or use another --data',
      { cause },
    );
  }
  try {
    writeFileSync(join(dataDir, 'coordinator.pid'), `${process.pid}\n`);
  } catch (error) {
    lock.close();
    throw folderError(dataDir, error);
  }
  return lock;
}
