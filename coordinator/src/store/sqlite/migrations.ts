import { BothendsError } from '@bothends/proto';
import type { Database } from 'better-sqlite3';

/**
 * Steps that bring a database up to date; step n leads from version n to n + 1. A step that has been
 * released is never edited. Times are epoch ns, 64-bit.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE token (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL,
    name TEXT,
    expires_ns INTEGER NOT NULL,
    used_ns INTEGER
  ) STRICT;

  CREATE TABLE agent (
    name TEXT PRIMARY KEY,
    serial TEXT NOT NULL,
    enrolled_ns INTEGER NOT NULL,
    last_seen_ns INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE capture (
    id TEXT PRIMARY KEY,
    requested_ns INTEGER NOT NULL,
    document TEXT NOT NULL -- the whole Capture as JSON; only its keys are searched
  ) STRICT;

  CREATE TABLE tap (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE, -- short key of its evidence
    capture_id TEXT NOT NULL REFERENCES capture(id) ON DELETE CASCADE,
    sequence INTEGER NOT NULL DEFAULT 0, -- highest committed
    packets INTEGER NOT NULL DEFAULT 0 -- committed
  ) STRICT;
  CREATE INDEX tap_capture ON tap(capture_id);

  CREATE TABLE evidence (
    tap INTEGER NOT NULL REFERENCES tap(number) ON DELETE CASCADE,
    sequence INTEGER NOT NULL,
    head BLOB NOT NULL, -- bothends.v1.Batch without its columns
    columns BLOB NOT NULL -- as shipped; the checksum in the head is over these bytes
  ) STRICT;
  CREATE UNIQUE INDEX evidence_sequence ON evidence(tap, sequence);

  CREATE TABLE report (
    capture_id TEXT PRIMARY KEY REFERENCES capture(id) ON DELETE CASCADE,
    json TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ns INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    outcome TEXT NOT NULL,
    detail TEXT NOT NULL
  ) STRICT;
  `,
  `
  ALTER TABLE evidence ADD COLUMN previous BLOB; -- as shipped; what its agent signed includes it
  ALTER TABLE evidence ADD COLUMN signature BLOB;
  `,
  `
  ALTER TABLE agent ADD COLUMN next_serial TEXT NOT NULL DEFAULT '';

  CREATE TABLE user (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    serial TEXT NOT NULL,
    next_serial TEXT NOT NULL,
    created_ns INTEGER NOT NULL,
    expires_ns INTEGER NOT NULL,
    revoked_ns INTEGER NOT NULL
  ) STRICT;

  ALTER TABLE audit ADD COLUMN hash BLOB; -- of this entry and all before; null in what version 2 wrote
  CREATE TRIGGER audit_keeps_entries BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  CREATE TRIGGER audit_keeps_words BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
  `,
  // Before authorities could be replaced all of them had this name.
  `
  ALTER TABLE agent ADD COLUMN issuer TEXT NOT NULL DEFAULT 'bothends CA';
  ALTER TABLE user ADD COLUMN issuer TEXT NOT NULL DEFAULT 'bothends CA';
  `,
  // Nothing was ever written to either: what an agent signed is in the head, whole.
  `
  ALTER TABLE evidence DROP COLUMN previous;
  ALTER TABLE evidence DROP COLUMN signature;
  `,
];

/** The version that this program makes and reads. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the schema up to date, or to an earlier `target` as tests of the way there do, in one transaction.
 * @throws BothendsError `failed-precondition` when a newer coordinator made the database
 */
export function migrate(database: Database, target: number = SCHEMA_VERSION): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > MIGRATIONS.length) {
    throw new BothendsError(
      'failed-precondition',
      `${database.name} was made by a newer bothends (schema ${version}, this one knows ${MIGRATIONS.length}): upgrade this coordinator`,
    );
  }
  database.transaction(() => {
    for (const step of MIGRATIONS.slice(version, target)) database.exec(step);
    database.pragma(`user_version = ${target}`);
  })();
}
