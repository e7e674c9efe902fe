import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import Sqlite, { type Database } from 'better-sqlite3';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testCapture } from '../../testing/captures.js';
import { batch, coverage, segments } from '../../testing/packets.js';
import { captureVerbs } from './captures.js';
import { evidenceVerbs } from './evidence.js';
import { migrate, SCHEMA_VERSION } from './migrations.js';

let directory: string;
let database: Database;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-migrations-'));
  database = new Sqlite(join(directory, 'bothends.db'));
  database.defaultSafeIntegers(true);
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Rows as the first release wrote them, with its columns. */
function fillAsReleaseOne(): void {
  const shipped = batch('c-1-client', 1, segments(3), coverage(3));
  const head = Batch.encode({ ...shipped, columns: Buffer.alloc(0) }).finish();
  database.exec(`
    INSERT INTO capture VALUES ('c-1', 5, '{"id":"c-1"}');
    INSERT INTO tap VALUES ('c-1-client', 1, 'c-1', 1, 3);
    INSERT INTO agent VALUES ('web', 'serial-1', 7, 8);
  `);
  database
    .prepare('INSERT INTO evidence (tap, sequence, head, columns) VALUES (1, 1, ?, ?)')
    .run(head, shipped.columns);
}

test.each(Array.from({ length: SCHEMA_VERSION }, (_, i) => i + 1))(
  'a database of schema %d keeps everything on its way to the newest',
  (version) => {
    migrate(database, 1);
    fillAsReleaseOne();
    migrate(database, version);
    migrate(database);
    expect(captureVerbs(database).captures()).toEqual([{ id: 'c-1' }]);
    const evidence = evidenceVerbs(database);
    expect(evidence.totals('c-1-client')).toEqual({ sequence: 1n, packets: 3n });
    expect(evidence.batches('c-1-client', 0n, 9)).toEqual([batch('c-1-client', 1, segments(3), coverage(3))]);
    // What is new works on old data.
    captureVerbs(database).saveCapture(testCapture({ id: 'c-2' }));
    expect(captureVerbs(database).captures()).toHaveLength(2);
  },
);

test('evidence loses the columns that nothing was written to, and no row, index or reference with them', () => {
  migrate(database, 1);
  fillAsReleaseOne();
  migrate(database, 3);
  const signed = { ...batch('c-1-client', 2, segments(2), coverage(5)), signature: Buffer.alloc(64, 7) };
  const head = Batch.encode({ ...signed, columns: Buffer.alloc(0) }).finish();
  database
    .prepare('INSERT INTO evidence (tap, sequence, head, columns) VALUES (1, 2, ?, ?)')
    .run(head, signed.columns);
  expect(columnsOf('evidence')).toEqual(['tap', 'sequence', 'head', 'columns', 'previous', 'signature']);
  migrate(database);
  expect(columnsOf('evidence')).toEqual(['tap', 'sequence', 'head', 'columns']);
  const { batches, commit } = evidenceVerbs(database);
  expect(batches('c-1-client', 1n, 9)).toEqual([signed]);
  commit([signed]);
  expect(batches('c-1-client', 0n, 9)).toHaveLength(2);
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
  database.pragma('foreign_keys = ON');
  captureVerbs(database).deleteCapture('c-1');
  expect(batches('c-1-client', 0n, 9)).toEqual([]);
});

function columnsOf(name: string): string[] {
  return (database.pragma(`table_info(${name})`) as { name: string }[]).map((column) => column.name);
}

test('a step that fails leaves the database as it was', () => {
  // A table that the first step wants to make, after others.
  database.exec('CREATE TABLE audit (id INTEGER)');
  expect(() => migrate(database)).toThrow(/audit already exists/);
  expect(database.pragma('user_version', { simple: true })).toBe(0n);
  const tables = database.prepare<[], { name: string }>('SELECT name FROM sqlite_master').all();
  expect(tables).toEqual([{ name: 'audit' }]);
});

test('a database of a newer program is refused, and what to do', () => {
  database.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  expect(() => migrate(database)).toThrow(/newer bothends.*upgrade this coordinator/);
});
