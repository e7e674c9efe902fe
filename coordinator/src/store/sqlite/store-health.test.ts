import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { damageIndexOfReports } from './damage-for-tests.js';
import { openWriter } from './database.js';
import { StoreHealth } from './store-health.js';

let directory: string;
let lines: string[];
const health = new StoreHealth();
const logger = pino({}, { write: (line: string) => void lines.push(line) });

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-health-'));
  lines = [];
  openWriter(directory).close();
});
afterEach(async () => {
  await health.close();
  rmSync(directory, { recursive: true, force: true });
});

test('a store that is whole is no news', async () => {
  health.examine(directory, logger);
  await expect.poll(() => health.faults).toBe(0);
  expect(lines).toEqual([]);
});

test('one that is damaged is told loudly, with what it means and what to do', async () => {
  damageIndexOfReports(directory);
  health.examine(directory, logger);
  await expect.poll(() => health.faults).toBeGreaterThan(0);
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.every((line) => line.includes('"level":50'))).toBe(true);
  expect(lines.at(-1)).toMatch(
    /may be incomplete: .*bothends doctor --data .* restore the folder from a copy/,
  );
});
