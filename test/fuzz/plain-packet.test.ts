import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';
import { recordedCaptures } from '../scenarios/captures.js';

/** Changed packets for each recorded one: some seconds in all. */
const ROUNDS = 40;
const TIMEOUT_MS = 600_000;
const SANITIZED = ['-std=gnu11', '-O1', '-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];

const folder = mkdtempSync(join(tmpdir(), 'bothends-plain-'));
afterAll(() => rmSync(folder, { recursive: true }));

const source = join(TEST_ROOT, 'fuzz', 'plain-packet.c');
const native = join(TEST_ROOT, '..', 'agent', 'native');
const compiler = process.env.CC ?? 'cc';

function build(program: string, ...sources: string[]) {
  return spawnSync(compiler, [...SANITIZED, `-I${native}`, '-o', program, ...sources], { encoding: 'utf8' });
}

/** Whether there is a compiler that knows sanitizers. */
function canBuild(): boolean {
  const empty = join(folder, 'empty.c');
  writeFileSync(empty, 'int main(void) { return 0; }\n');
  return build(join(folder, 'empty'), empty).status === 0;
}

const why = canBuild() ? '' : ` (SKIPPED: ${compiler} builds no programs with sanitizers)`;

it(`decoding plain packets in C touches no memory but theirs${why}`, {
  skip: why !== '',
  timeout: TIMEOUT_MS,
}, () => {
  const program = join(folder, 'plain-packet');
  expect(build(program, source).stderr).toBe('');
  const { status, stdout, stderr } = spawnSync(program, [String(ROUNDS), ...recordedCaptures()], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const [, packets, plain] = /^(\d+) packets, (\d+) plain$/m.exec(stdout) ?? [];
  // Otherwise it was not tested.
  expect(Number(plain)).toBeGreaterThan(Number(packets) / 4);
});
