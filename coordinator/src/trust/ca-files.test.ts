import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Ca } from './ca.js';
import { CaFiles } from './ca-files.js';

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'bothends-ca-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const NOW_MS = Date.parse('2026-11-20T12:00:00Z');

async function open(): Promise<{ files: CaFiles; present: string; incoming: string | null }> {
  const files = new CaFiles(dataDir);
  const { present, incoming } = await files.open(NOW_MS);
  return { files, present: present.hash, incoming: incoming?.hash ?? null };
}

/** A folder in which one authority is to take the place of another. */
async function replacing(): Promise<{ files: CaFiles; before: string; after: string }> {
  const { files, present } = await open();
  const made = await Ca.create(NOW_MS);
  await files.keepIncoming(made);
  return { files, before: present, after: made.hash };
}

test('an authority is made once', async () => {
  const { present } = await open();
  expect(await open()).toMatchObject({ present, incoming: null });
});

test('one that comes is there after a restart, and takes over when it is told to', async () => {
  const { files, before, after } = await replacing();
  expect(await open()).toMatchObject({ present: before, incoming: after });
  const key = await readFile(join(dataDir, 'ca/ca.key'), 'utf8');
  await files.replace();
  expect(await open()).toMatchObject({ present: after, incoming: null });
  // The key of the one before is gone for good.
  expect(await readFile(join(dataDir, 'ca/ca.key'), 'utf8')).not.toBe(key);
});

test('a crash while one is made leaves the one before', async () => {
  const { before } = await replacing();
  await rm(join(dataDir, 'ca/new.crt'));
  expect(await open()).toMatchObject({ present: before, incoming: null });
});

test('a crash while one takes over leaves it in place', async () => {
  const { after } = await replacing();
  await rename(join(dataDir, 'ca/new.key'), join(dataDir, 'ca/ca.key'));
  expect(await open()).toMatchObject({ present: after, incoming: null });
});

test('an authority without its key says what to do', async () => {
  await open();
  await rm(join(dataDir, 'ca/ca.key'));
  await expect(open()).rejects.toThrow(
    'ca.key is missing, so the CA of this fleet cannot sign: restore the file',
  );
});
