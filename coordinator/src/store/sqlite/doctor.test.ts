import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testCapture } from '../../testing/captures.js';
import { batch, coverage, segments } from '../../testing/packets.js';
import { auditVerbs } from './audit.js';
import { captureVerbs } from './captures.js';
import { damageIndexOfReports } from './damage-for-tests.js';
import { openWriter } from './database.js';
import { examineStore } from './doctor.js';
import { evidenceVerbs } from './evidence.js';

let directory: string;
let database: Database;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-doctor-'));
  database = openWriter(directory);
  captureVerbs(database).saveCapture(
    testCapture({ id: 'c-1', name: 'incident', phase: { state: 'complete', startedNs: 1n, endedNs: 2n } }),
  );
  captureVerbs(database).saveReport('c-1', '{}');
  for (const subject of ['a', 'b', 'c']) {
    auditVerbs(database).audit({
      ...{ atNs: 1n, actor: 'olga', action: 'stop', subject, outcome: 'done', detail: '' },
    });
  }
  evidenceVerbs(database).commit(
    [1, 2, 3].map((sequence) => batch('c-1-client', sequence, segments(4), coverage(4 * sequence))),
  );
});
afterEach(() => {
  database.close();
  rmSync(directory, { recursive: true, force: true });
});

const complaints = () => examineStore(directory).damage.map(({ where, what }) => `${where}: ${what}`);

describe('the doctor', () => {
  test('counts what it looked at, and finds nothing in a store that is whole', () => {
    expect(examineStore(directory)).toEqual({
      ...{ captures: 1, batches: 3, packets: 12, entries: 3 },
      damage: [],
    });
  });

  test('names the batch of which a bit fell over', () => {
    database.exec(
      "UPDATE evidence SET columns = CAST(x'00' || substr(columns, 2) AS BLOB) WHERE sequence = 2",
    );
    expect(complaints()).toEqual(['tap c-1-client of capture incident: batch 2 does not match its checksum']);
  });

  test('names batches that are missing, in the middle and at the end', () => {
    database.exec('DELETE FROM evidence WHERE sequence >= 2');
    expect(complaints()).toEqual([
      'tap c-1-client of capture incident: batches 2 to 3 are missing',
      'tap c-1-client of capture incident: it holds 4 packets and counted 12 when they came',
    ]);
  });

  test('names a capture without its report, or without a readable description', () => {
    database.exec('DELETE FROM report');
    expect(complaints()).toEqual(['capture incident: it has no stored report']);
    database.exec("UPDATE capture SET document = '{half'");
    expect(complaints()).toEqual(['capture c-1: its description cannot be read']);
  });

  test('names an entry of the audit log that was changed, and that entries can be changed', () => {
    database.exec('DROP TRIGGER audit_keeps_words');
    database.exec("UPDATE audit SET subject = 'nothing' WHERE id = 2");
    expect(complaints()).toEqual([
      expect.stringMatching(/^audit log: entry 2 is not whole/),
      'audit log: the database no longer refuses to change or delete its entries',
    ]);
  });

  test('goes on where a part cannot be read, so that it is known which', () => {
    database.close();
    damageIndexOfReports(directory);
    const { captures, batches, entries, damage } = examineStore(directory);
    expect({ captures, batches, entries }).toEqual({ captures: 1, batches: 3, entries: 3 });
    expect(damage.map(({ where }) => where)).toEqual([join(directory, 'bothends.db'), 'capture incident']);
  });

  test('says so when the file is no database, or is not there', () => {
    database.close();
    for (const suffix of ['', '-wal', '-shm'])
      writeFileSync(join(directory, `bothends.db${suffix}`), 'not one'.repeat(999));
    expect(complaints()[0]).toMatch(/is not a database/);
    rmSync(join(directory, 'bothends.db'));
    expect(() => examineStore(directory)).toThrow(/--data/);
  });
});
