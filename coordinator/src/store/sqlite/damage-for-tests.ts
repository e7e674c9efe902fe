import { readFileSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import { databasePath } from './database.js';

/** What SQLite's pages have where nobody says otherwise. */
const PAGE_BYTES = 4096;

/** Overwrites a page of a database that nobody has open: whatever is asked of the reports of captures fails from then on. */
export function damageIndexOfReports(dataDir: string): void {
  const path = databasePath(dataDir);
  const database = new Sqlite(path);
  const page = Number(
    database
      .prepare("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_report_1'")
      .pluck()
      .get(),
  );
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
  const bytes = readFileSync(path);
  bytes.fill(0xa5, (page - 1) * PAGE_BYTES, page * PAGE_BYTES);
  writeFileSync(path, bytes);
}
