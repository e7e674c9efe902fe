import { existsSync } from 'node:fs';
import { BothendsError, crc32, decodeColumns, PacketTable } from '@bothends/proto';
import { AuditChain } from '@bothends/proto/evidence/audit-chain';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Database } from 'better-sqlite3';
import type { Capture } from '../../captures/capture.js';
import { isOver } from '../../captures/capture.js';
import { auditVerbs } from './audit.js';
import { fromJson } from './codec.js';
import { databasePath, openReader } from './database.js';
import { SCHEMA_VERSION } from './migrations.js';
import { type Damage, structuralDamage, unreadable } from './structure.js';

/** What was looked at, and what was found. */
export interface Examination {
  readonly captures: number;
  readonly batches: number;
  readonly packets: number;
  /** Entries of the audit log. */
  readonly entries: number;
  readonly damage: readonly Damage[];
}

/**
 * Examines the store in a coordinator's data directory without changing it; the coordinator may be running.
 * @throws BothendsError `not-found` when there is no store, `failed-precondition` when it cannot be opened
 */
export function examineStore(dataDir: string): Examination {
  const path = databasePath(dataDir);
  if (!existsSync(path)) {
    throw new BothendsError('not-found', `there is no ${path}: name the coordinator's folder with --data`);
  }
  const found: Tally = { captures: 0, batches: 0, packets: 0, entries: 0, damage: [] };
  let database: Database | null = null;
  try {
    database = openReader(dataDir);
    examineAll(database, found);
  } catch (thrown) {
    // A database that is damaged enough cannot even be opened, or tell what is in it.
    found.damage.push(unreadable(path, thrown));
  } finally {
    database?.close();
  }
  return found;
}

/** Looks at each part for itself: what is damaged keeps nobody from knowing that the rest is whole. */
function examineAll(database: Database, found: Tally): void {
  const look = (where: string, part: () => void) => {
    try {
      part();
    } catch (thrown) {
      found.damage.push(unreadable(where, thrown));
    }
  };
  examineVersion(database, found.damage);
  found.damage.push(...structuralDamage(database, 'integrity_check'));
  look('audit log', () => examineAudit(database, found));
  for (const capture of capturesOf(database, found.damage)) {
    found.captures++;
    look(`capture ${capture.name}`, () => examineCapture(database, capture, found));
  }
}

function examineVersion(database: Database, damage: Damage[]): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version <= SCHEMA_VERSION) return;
  const what = `made by a newer bothends (schema ${version}, this one knows ${SCHEMA_VERSION})`;
  damage.push({ where: database.name, what, advice: 'examine it with that version' });
}

/** Entries that are read at a time. */
const AUDIT_PAGE = 1000;
/** What refuses to change or delete an entry (migrations.ts). */
const AUDIT_GUARDS = ['audit_keeps_entries', 'audit_keeps_words'];

function examineAudit(database: Database, found: Tally): void {
  const where = 'audit log';
  const { auditLog } = auditVerbs(database);
  const chain = new AuditChain();
  let last = 0n;
  for (;;) {
    const lines = auditLog(last, AUDIT_PAGE);
    for (const line of lines) chain.add(line);
    found.entries += lines.length;
    last = lines.at(-1)?.number ?? last;
    if (lines.length < AUDIT_PAGE) break;
  }
  const result = chain.result();
  const advice = 'somebody with access to the folder changed it: compare it with a copy';
  if (!result.whole) {
    found.damage.push({ where, what: `entry ${result.number} is not whole: ${result.reason}`, advice });
  }
  const present = database.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").pluck().all();
  const lacking = AUDIT_GUARDS.filter((name) => !present.includes(name));
  if (lacking.length === 0) return;
  found.damage.push({
    where,
    what: 'the database no longer refuses to change or delete its entries',
    advice,
  });
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

/** An examination that goes on. */
type Tally = { -readonly [Key in keyof Omit<Examination, 'damage'>]: number } & { damage: Damage[] };

function examineCapture(database: Database, capture: Capture, found: Tally): void {
  for (const tap of capture.taps)
    examineTap(database, `tap ${tap.id} of capture ${capture.name}`, tap.id, found);
  if (!isOver(capture.phase) || capture.phase.state === 'failed') return;
  const report = database.prepare('SELECT json FROM report WHERE capture_id = ?').get(capture.id);
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
