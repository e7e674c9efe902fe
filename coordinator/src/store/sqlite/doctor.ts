import { existsSync } from 'node:fs';
import { BothendsError, crc32, decodeColumns, PacketTable } from '@bothends/proto';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Database } from 'better-sqlite3';
import type { Capture } from '../../captures/capture.js';
import { isOver } from '../../captures/capture.js';
import { fromJson } from './codec.js';
import { databasePath, openReader } from './database.js';
import { storeError } from './errors.js';
import { SCHEMA_VERSION } from './migrations.js';

/** One thing that is wrong with a store. */
export interface Damage {
  /** The database, a capture, a tap or a batch of it. */
  readonly where: string;
  readonly what: string;
  /** What it means for the reports, and what to do. */
  readonly advice: string;
}

/** What was looked at, and what was found. */
export interface Examination {
  readonly captures: number;
  readonly batches: number;
  readonly packets: number;
  readonly damage: readonly Damage[];
}

/** A damaged database can have a thousand complaints; the first tell what is the matter. */
const MAX_COMPLAINTS = 10;

/**
 * Examines the store in a coordinator's data directory without changing it; the coordinator may be running.
 * @throws BothendsError `not-found` when there is no store, `failed-precondition` when it cannot be opened
 */
export function examineStore(dataDir: string): Examination {
  const path = databasePath(dataDir);
  if (!existsSync(path)) {
    throw new BothendsError('not-found', `there is no ${path}: name the coordinator's folder with --data`);
  }
  const found = { captures: 0, batches: 0, packets: 0, damage: [] as Damage[] };
  let database: Database | null = null;
  try {
    database = openReader(dataDir);
    found.damage.push(...structure(database));
    for (const capture of capturesOf(database, found.damage)) {
      found.captures++;
      examineCapture(database, capture, found);
    }
  } catch (thrown) {
    // A database that is damaged enough cannot even be read to its end.
    const { code, message } = storeError(thrown);
    if (code !== 'data-loss') throw storeError(thrown);
    found.damage.push({ where: path, what: message, advice: 'what was not reached is not examined' });
  } finally {
    database?.close();
  }
  return found;
}

function structure(database: Database): Damage[] {
  const where = database.name;
  const version = Number(database.pragma('user_version', { simple: true }));
  const rows = database.pragma(`integrity_check(${MAX_COMPLAINTS})`) as { integrity_check: string }[];
  const damage = rows
    .map((row) => row.integrity_check)
    .filter((text) => text !== 'ok')
    .map((what) => ({ where, what, advice: 'stop the coordinator and restore the folder from a copy' }));
  if (version <= SCHEMA_VERSION) return damage;
  const what = `made by a newer bothends (schema ${version}, this one knows ${SCHEMA_VERSION})`;
  return [...damage, { where, what, advice: 'examine it with that version' }];
}

function capturesOf(database: Database, damage: Damage[]): Capture[] {
  const rows = database
    .prepare<[], { id: string; document: string }>('SELECT id, document FROM capture')
    .all();
  return rows.flatMap(({ id, document }) => {
    try {
      return [fromJson(document) as Capture];
    } catch {
      damage.push({ where: `capture ${id}`, what: 'its description cannot be read', advice: 'delete it' });
      return [];
    }
  });
}

interface Tally {
  batches: number;
  packets: number;
  damage: Damage[];
}

function examineCapture(database: Database, capture: Capture, found: Tally): void {
  for (const tap of capture.taps)
    examineTap(database, `tap ${tap.id} of capture ${capture.name}`, tap.id, found);
  if (!isOver(capture.phase) || capture.phase.state === 'failed') return;
  const report = database.prepare('SELECT 1 FROM report WHERE capture_id = ?').get(capture.id);
  if (report !== undefined) return;
  const advice = `"bothends report ${capture.id}" computes it anew from the evidence`;
  found.damage.push({ where: `capture ${capture.name}`, what: 'it has no stored report', advice });
}

interface Chunk {
  sequence: bigint;
  head: Uint8Array;
  columns: Uint8Array;
}

function examineTap(database: Database, where: string, tapId: string, found: Tally): void {
  const complain = (what: string, advice: string) => found.damage.push({ where, what, advice });
  const tap = database
    .prepare<[string], { number: bigint; sequence: bigint; packets: bigint }>(
      'SELECT number, sequence, packets FROM tap WHERE id = ?',
    )
    .get(tapId);
  if (tap === undefined) {
    complain('it is not in the table of taps', 'delete the capture: its evidence cannot be found');
    return;
  }
  const chunks = database.prepare<[bigint], Chunk>(
    'SELECT sequence, head, columns FROM evidence WHERE tap = ? ORDER BY sequence',
  );
  let packets = 0;
  let last = 0n;
  for (const chunk of chunks.iterate(tap.number)) {
    if (chunk.sequence !== last + 1n) complain(missing(last + 1n, chunk.sequence - 1n), GAP_ADVICE);
    const batch = headOf(chunk);
    const fault = batch === null ? 'has a head that cannot be read' : faultOf(batch, chunk.columns);
    if (fault !== null) complain(`batch ${chunk.sequence} ${fault}`, GAP_ADVICE);
    last = chunk.sequence;
    packets += batch?.count ?? 0;
    found.batches++;
  }
  if (last < tap.sequence) complain(missing(last + 1n, tap.sequence), GAP_ADVICE);
  if (packets !== Number(tap.packets)) {
    complain(`it holds ${packets} packets and counted ${tap.packets} when they came`, GAP_ADVICE);
  }
  found.packets += packets;
}

const GAP_ADVICE = 'its packets are gone; a report that is computed anew declares them as a gap';

function missing(from: bigint, to: bigint): string {
  return from === to ? `batch ${from} is missing` : `batches ${from} to ${to} are missing`;
}

/** Rows of the chunk being looked at. */
const table = new PacketTable();

function headOf({ head }: Chunk): Batch | null {
  try {
    return Batch.decode(head);
  } catch {
    return null;
  }
}

/** What is wrong with a batch of evidence, null when nothing is. */
function faultOf({ count, crc32: sum }: Batch, columns: Uint8Array): string | null {
  if (count === 0) return null;
  if (crc32(columns) !== sum) return 'does not match its checksum';
  try {
    decodeColumns(columns, table);
  } catch (error) {
    return `cannot be decoded (${(error as Error).message})`;
  }
  return table.length === count ? null : `holds ${table.length} packets instead of ${count}`;
}
