import { expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { builtScript } from '../lab/paths.js';
import { savedInputs } from './corpus.js';

/** About ten seconds of an idle core; `npm run fuzz` runs as long as one likes. */
const CASES = 500;
/** A loaded machine takes several times as long. */
const TIMEOUT_MS = 600_000;

it('nothing that reads input fails on what is damaged or impossible', { timeout: TIMEOUT_MS }, async () => {
  const arguments_ = ['--cases', String(CASES), '--seed', '1'];
  const command = [process.execPath, builtScript('fuzz/main.js'), ...arguments_];
  const { code, stdout, stderr } = await runCommand(command, { timeoutMs: TIMEOUT_MS });
  expect(stdout + stderr).toMatch(new RegExp(`^${CASES} cases, 0 failed$`, 'm'));
  expect(code).toBe(0);
});

it('nothing fails again on what it failed on once', { timeout: TIMEOUT_MS }, () => {
  for (const { name, target, input } of savedInputs()) {
    expect(() => target.check(input), name).not.toThrow();
  }
});
