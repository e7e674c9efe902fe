import { afterAll, expect, it } from 'vitest';
import { Workbench } from './analyze.js';
import { generate } from './run.js';
import { score } from './score.js';
import { Tally } from './table.js';

/** Each kind about six times; `npm run truth -- --runs 10000` is the long run. */
const RUNS = 300;
/** Some 10 ms a run, and ten times that on a machine that is busy with other tests. */
const LIMIT_MS = 600_000;
const FIRST_SEED = 1;

const bench = new Workbench();
afterAll(() => bench[Symbol.dispose]());

it(
  `accuses nobody falsely at strong or better in ${RUNS} synthetic incidents`,
  () => {
    const tally = new Tally();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
      const run = generate(seed);
      tally.add(run.kind, seed, score(run, bench.analyze(run.captures.client, run.captures.server)));
    }
    expect(tally.count('wrong') + tally.count('overstated'), tally.render(5)).toBe(0);
    // A generator or an engine that says nothing would pass the line above.
    expect(tally.count('right'), tally.render(5)).toBeGreaterThan(RUNS / 4);
  },
  LIMIT_MS,
);
