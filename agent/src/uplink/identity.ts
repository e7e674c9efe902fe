import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError, folderError } from '@bothends/proto';

/** What an agent got when it joined and renewed since: who it is, and whom it trusts. */
export interface Identity {
  readonly name: string;
  /** `HOST:PORT` of the coordinator. */
  readonly address: string;
  /** Hash of the authority in the join line: that line joins nothing new, even when the authority was replaced since. */
  readonly joinedBy?: string;
  /** Every authority of the coordinator. */
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
}

const FIELDS = ['name', 'address', 'caPem', 'certificatePem', 'keyPem'] as const;
const FILE = 'identity.json';
/** A key and two certificates take a few kB. */
const ROOM_BYTES = 16 * 1024;

/**
 * Makes sure that an identity can be kept in `dataDir`, before a one-time token is spent on it.
 * Throws what `saveIdentity` throws.
 */
export function makeRoomForIdentity(dataDir: string): void {
  writeNew(dataDir, ' '.repeat(ROOM_BYTES));
}

/**
 * Keeps the identity in `dataDir`, readable by its owner alone; as a whole or not at all.
 * Throws `resource-exhausted` where the disk is full, `permission-denied` where it may not be written.
 */
export function saveIdentity(dataDir: string, identity: Identity): void {
  const path = writeNew(dataDir, `${JSON.stringify(identity, null, 2)}\n`);
  renameSync(path, join(dataDir, FILE));
}

/** Writes what is to take the place of the identity; returns its path. */
function writeNew(dataDir: string, text: string): string {
  const path = join(dataDir, `${FILE}.new`);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600, flush: true });
  } catch (error) {
    throw folderError(dataDir, error);
  }
  return path;
}

/**
 * The identity in `dataDir`, null when the agent has not joined yet.
 * Throws `failed-precondition` when the file is there but of no use.
 */
export function loadIdentity(dataDir: string): Identity | null {
  const path = join(dataDir, FILE);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isIdentity(value)) return value;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(path, (cause as Error).message, cause);
  }
  throw unusable(path, `it needs the texts ${FIELDS.join(', ')}`);
}

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== 'object' || value === null) return false;
  return FIELDS.every((field) => typeof (value as Record<string, unknown>)[field] === 'string');
}

function unusable(path: string, why: string, cause?: unknown): BothendsError {
  return new BothendsError(
    'failed-precondition',
    `the agent's identity in ${path} cannot be used (${why}): restore the file, or remove it and join again`,
    { cause },
  );
}
