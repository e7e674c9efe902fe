import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type CommandResult, runCommand } from '../lab/command.js';

/** What one run of a program took. */
export interface Cost {
  readonly seconds: number;
  /** User and system time of all its threads; NaN where GNU time is missing. */
  readonly cpuSeconds: number;
  /** Largest resident set; NaN where GNU time is missing. */
  readonly peakBytes: number;
}

/** GNU time; a shell's built-in word of that name does not tell memory. */
const GNU_TIME = '/usr/bin/time';
const FORMAT = '%e %U %S %M';
/** A program on a loaded machine; only a hang takes longer. */
const TIMEOUT_MS = 5 * 60_000;

export function isInstalled(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Runs a program to its end. Throws when it fails: what it took then says nothing. */
export async function measured(argv: readonly string[], now: () => bigint): Promise<Cost> {
  const timed = existsSync(GNU_TIME) ? [GNU_TIME, '-f', FORMAT, ...argv] : argv;
  const startedNs = now();
  const result = await runCommand(timed, { timeoutMs: TIMEOUT_MS });
  const seconds = Number(now() - startedNs) / 1e9;
  if (result.code !== 0) throw new Error(`${argv[0]} failed: ${result.stderr.trim()}`);
  return timed === argv
    ? { seconds, cpuSeconds: Number.NaN, peakBytes: Number.NaN }
    : costOf(result, seconds);
}

function costOf({ stderr }: CommandResult, seconds: number): Cost {
  const [, user, system, kib] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return {
    seconds,
    cpuSeconds: (user ?? Number.NaN) + (system ?? Number.NaN),
    peakBytes: (kib ?? Number.NaN) * 1024,
  };
}
