import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-doctor-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test('a folder without a store is told, with what to name instead', async () => {
  const { status, stdout, stderr } = await runCli(['doctor', '--data', folder]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(`there is no ${join(folder, 'bothends.db')}`);
});

test('a store that is none fails, and says what is the matter', async () => {
  writeFileSync(join(folder, 'bothends.db'), 'no database at all'.repeat(100));
  const { status, stdout } = await runCli(['doctor', '--data', folder]);
  expect(status).toBe(1);
  expect(stdout).toMatch(
    /^Looked at 0 captures, 0 chunks of evidence, 0 packets, 0 entries of the audit log: 1 fault\./,
  );
  expect(stdout).toContain('is not a database');
});
