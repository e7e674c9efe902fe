/** `npm run bench -- [--only CASE] [--packets N] [--rounds N]`: measures, compares, and asserts nothing. */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Case } from './case.js';
import { analyze, lossy } from './cases/analyze.js';
import { batch } from './cases/batch.js';
import { crowd, idle } from './cases/crowd.js';
import { decode } from './cases/decode.js';
import { flows } from './cases/flows.js';
import { live } from './cases/live.js';
import { page } from './cases/page.js';
import { replay } from './cases/replay.js';
import { reporting } from './cases/report.js';
import { figureTable } from './table.js';

const CASES: readonly Case[] = [
  decode,
  batch,
  analyze,
  lossy,
  flows,
  live,
  replay,
  crowd,
  idle,
  reporting,
  page,
];

/** Enough that starting a process does not count, few enough for a small disk: 200 MB a file. */
const PACKETS = '1000000';
const ROUNDS = '5';

async function main(argv: string[]): Promise<number> {
  const { values } = parseArgs({
    args: argv,
    options: {
      only: { type: 'string', multiple: true },
      packets: { type: 'string', default: PACKETS },
      rounds: { type: 'string', default: ROUNDS },
    },
  });
  const chosen = CASES.filter(({ name }) => values.only?.includes(name) ?? true);
  if (chosen.length === 0)
    throw new Error(`no such case; there are ${CASES.map(({ name }) => name).join(', ')}`);
  const bench: Bench = {
    folder: mkdtempSync(join(tmpdir(), 'bothends-bench-')),
    packets: count(values.packets, 'packets'),
    rounds: count(values.rounds, 'rounds'),
    now: process.hrtime.bigint,
    say: (text) => process.stderr.write(`bench: ${text}\n`),
  };
  try {
    const [cpu] = cpus();
    process.stdout.write(`Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim()}\n\n`);
    for (const each of chosen) process.stdout.write(`${figureTable(each, await each.run(bench))}\n`);
  } finally {
    rmSync(bench.folder, { recursive: true, force: true });
  }
  return 0;
}

function count(text: string, what: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new Error(`--${what} takes a number above 0, not "${text}"`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (thrown) {
  process.stderr.write(`bench: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exitCode = 1;
}
