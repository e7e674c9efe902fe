import { BothendsError, type ErrorCode, toBothendsError } from '@bothends/proto';
import Sqlite from 'better-sqlite3';

/** SQLite's result codes that a person can do something about (sqlite.org/rescode.html). */
const KNOWN: readonly { prefix: string; code: ErrorCode; advice: string }[] = [
  {
    prefix: 'SQLITE_FULL',
    code: 'resource-exhausted',
    advice:
      "the coordinator's disk is full: make room on it, then delete captures (that needs some, too); agents keep their packets meanwhile",
  },
  {
    prefix: 'SQLITE_IOERR',
    code: 'resource-exhausted',
    advice: "the coordinator's data directory cannot be written or read: check its disk and space",
  },
  {
    prefix: 'SQLITE_CORRUPT',
    code: 'data-loss',
    advice: "the coordinator's database is damaged: stop it and restore the data directory from a copy",
  },
  {
    prefix: 'SQLITE_NOTADB',
    code: 'data-loss',
    advice:
      "bothends.db in the coordinator's data directory is not a database: restore it, or start with a new --data",
  },
  {
    prefix: 'SQLITE_READONLY',
    code: 'failed-precondition',
    advice: "the coordinator's data directory is read-only: give it write access",
  },
  {
    prefix: 'SQLITE_CANTOPEN',
    code: 'failed-precondition',
    advice:
      "the coordinator's database cannot be opened: check that its data directory exists and is its own",
  },
];

/** What went wrong in the database, in words for a person. */
export function storeError(thrown: unknown): BothendsError {
  if (!(thrown instanceof Sqlite.SqliteError)) return toBothendsError(thrown);
  const known = KNOWN.find(({ prefix }) => thrown.code.startsWith(prefix));
  const detail = `${thrown.code}: ${thrown.message}`;
  if (known === undefined)
    return new BothendsError('internal', `the database failed (${detail})`, { cause: thrown });
  return new BothendsError(known.code, `${known.advice} (${detail})`, { cause: thrown });
}
