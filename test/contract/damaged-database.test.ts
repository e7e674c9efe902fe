import { copyFile, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteStore } from '@bothends/coordinator/store/sqlite/sqlite-store';
import { testCapture } from '@bothends/coordinator/testing/captures';
import { batch, coverage, segments } from '@bothends/coordinator/testing/packets';
import { BothendsError, crc32 } from '@bothends/proto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const FILE = 'bothends.db';
const PAGE_BYTES = 4096;
const BATCHES = 8;
/** A database of some dozens of pages is opened once for each. */
const TIMEOUT_MS = 600_000;

let directory: string;
let whole: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bothends-damage-'));
  whole = join(directory, 'whole');
  const store = await SqliteStore.open(whole);
  await store.saveCapture(testCapture({ id: 'c-1' }));
  for (let sequence = 1; sequence <= BATCHES; sequence++)
    await store.commit([batch('c-1-client', sequence, segments(100), coverage(sequence * 100))]);
  await store.saveReport('c-1', '{"schema":"bothends.report.v1"}');
  await store.close();
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** A copy of the database with one page, from 0, overwritten. */
async function damaged(page: number, junk: Uint8Array): Promise<string> {
  const folder = await mkdtemp(join(directory, 'page-'));
  await copyFile(join(whole, FILE), join(folder, FILE));
  const file = await open(join(folder, FILE), 'r+');
  await file.write(junk, 0, junk.length, page * PAGE_BYTES);
  await file.close();
  return folder;
}

/** What a coordinator asks of its store; each answers or is refused, for itself. */
async function useAll(folder: string): Promise<{ errors: BothendsError[]; good: number }> {
  const errors: BothendsError[] = [];
  const note = (thrown: unknown) => {
    expect(thrown).toBeInstanceOf(BothendsError);
    errors.push(thrown as BothendsError);
  };
  const store = await SqliteStore.open(folder).catch(note);
  if (!store) return { errors, good: 0 };
  let good = 0;
  await store.captures().catch(note);
  await store.agents().catch(note);
  await store.report('c-1').catch(note);
  await store.totals('c-1-client').catch(note);
  const batches = (await store.batches('c-1-client', 0n, 100).catch(note)) ?? [];
  for (const { columns, crc32: sum } of batches) if (crc32(columns) === sum) good++;
  await store.commit([batch('c-1-client', BATCHES + 1, segments(1), coverage(0))]).catch(note);
  await store.close();
  return { errors, good };
}

describe('a database of which any one page is overwritten', () => {
  test.each([
    ['zeros', new Uint8Array(PAGE_BYTES)],
    ['noise', Uint8Array.from({ length: PAGE_BYTES }, (_, i) => Math.imul(i + 1, 2_654_435_761) >>> 13)],
  ])(
    'with %s is refused in words, or still right; nothing breaks',
    { timeout: TIMEOUT_MS },
    async (_, junk) => {
      const pages = (await stat(join(whole, FILE))).size / PAGE_BYTES;
      expect(pages).toBeGreaterThan(10);
      let noticed = 0;
      for (let page = 0; page < pages; page++) {
        const { errors, good } = await useAll(await damaged(page, junk));
        for (const { code, message } of errors) {
          expect(code, `page ${page}: ${message}`).toBe('data-loss');
          expect(message, `page ${page}`).toMatch(/damaged|not a database/);
        }
        if (errors.length > 0 || good < BATCHES) noticed++;
      }
      expect(noticed).toBeGreaterThan(pages / 4);
    },
  );
});
