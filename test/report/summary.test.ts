import { join } from 'node:path';
import { expect, it } from 'vitest';
import { labExpected } from '../lab/available.js';
import { runCommand } from '../lab/command.js';
import { REPOSITORY_ROOT, TEST_ROOT } from '../lab/paths.js';

/** Runs fixture files, with options, under the reporter; returns its lines and exit status. */
async function report(...argv: string[]): Promise<{ lines: string[]; code: number | null }> {
  const vitest = join(REPOSITORY_ROOT, 'node_modules/vitest/vitest.mjs');
  const config = join(TEST_ROOT, 'report/fixtures/vitest.config.ts');
  // A reporter of its own process: this run's settings must not reach it.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST')));
  const command = [process.execPath, vitest, 'run', '--config', config, ...argv];
  const { stdout, code } = await runCommand(command, { env });
  return { lines: stdout.trim().split('\n'), code };
}

it('ends with the counts when all is well', async () => {
  const { lines, code } = await report('passing');
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(code).toBe(0);
});

it('counts a file that does not load as a failure', async () => {
  const { lines, code } = await report('broken', 'passing');
  expect(lines.at(-1)).toBe('1 passed, 1 failed');
  expect(code).toBe(1);
});

it('says what was skipped and why, and fails when the lab could have run', async () => {
  const { lines, code } = await report('outcomes');
  expect(lines).toContain('SKIPPED: cannot run: no such machine');
  expect(lines).toContain('SKIPPED: needs a lab: no ip');
  expect(lines.some((line) => line.startsWith('FAILED: the lab could run'))).toBe(labExpected());
  expect(lines.at(-1)).toBe(`1 passed, ${labExpected() ? 2 : 1} failed`);
  expect(code).toBe(1);
});

it('names what passed on a second try only, with what went wrong at first', async () => {
  const { lines, code } = await report('unsteady', '--retry=1');
  expect(lines).toContain('RETRIED: comes late: expected 1 to be 2 // Object.is equality');
  expect(lines.at(-1)).toBe('1 passed, 0 failed');
  expect(code).toBe(0);
  expect((await report('unsteady')).code).toBe(1);
});
