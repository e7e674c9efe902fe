import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/** Why no program's clock can be shifted here; null where it can. */
export function whyNoClockShift(): string | null {
  return spawnSync('cc', ['--version']).status === 0
    ? null
    : 'a C compiler shifts the clock of one program; run: apt-get install -y gcc libc6-dev';
}

/** Builds the shift into a folder; returns the words that put before a command shift its wall clock. */
export function clockShift(folder: string, seconds: number): string[] {
  const library = join(folder, 'clock-shift.so');
  const source = join(REPOSITORY_ROOT, 'test/e2e/clock-shift.c');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
  return ['env', `LD_PRELOAD=${library}`, `BOTHENDS_CLOCK_SHIFT_S=${seconds}`];
}
