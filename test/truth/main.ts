/**
 * `npm run truth -- [--runs N] [--seed S] [--only KIND] [--write DIR]`: makes seeded two-ended captures with known
 * truth, analyses them, and prints what was right, weakened, missed and wrong. Exit status 1 when anything was wrong
 * at `strong` or better, or proven by absence from a file.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@bothends/proto';
import { toBothendsError } from '@bothends/proto';
import { Workbench } from './analyze.js';
import { parseTruthArguments, type TruthArguments } from './arguments.js';
import { generate, type Run } from './run.js';
import { type Mark, score } from './score.js';
import { Tally } from './table.js';

/** Seeds listed for each outcome: enough to see a pattern. */
const SEEDS_SHOWN = 15;
/** Runs between two notes of progress on stderr. */
const PROGRESS_EVERY = 1_000;

function main({ runs, seed, kinds, write }: TruthArguments): number {
  using bench = new Workbench();
  const tally = new Tally();
  for (let index = 0; index < runs; index++) {
    const run = generate(seed + index, kinds);
    const report = bench.analyze(run.captures.client, run.captures.server);
    const marks = score(run, report);
    tally.add(run.kind, run.seed, marks);
    if (write !== null) keep(write, run, report, marks);
    if ((index + 1) % PROGRESS_EVERY === 0) process.stderr.write(`${index + 1} of ${runs} runs\n`);
  }
  process.stdout.write(`${tally.render(SEEDS_SHOWN)}\n${runs} runs from seed ${seed}\n`);
  return tally.count('wrong') + tally.count('overstated') > 0 ? 1 : 0;
}

/** Leaves a run behind for a person to look at. */
function keep(folder: string, run: Run, report: Report, marks: readonly Mark[]): void {
  const place = join(folder, `${run.kind}-${run.seed}`);
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'client.pcap'), run.captures.client);
  writeFileSync(join(place, 'server.pcap'), run.captures.server);
  const { ledger, environment, health } = run;
  const truth = { health, environment, flows: ledger.flows, marks, report };
  const plain = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
  writeFileSync(join(place, 'truth.json'), `${JSON.stringify(truth, plain, 2)}\n`);
}

try {
  process.exitCode = main(parseTruthArguments(process.argv.slice(2)));
} catch (thrown) {
  process.stderr.write(`truth: ${toBothendsError(thrown).message}\n`);
  process.exitCode = 2;
}
