import { expect, it } from 'vitest';
import { Workbench } from '../truth/analyze.js';
import { Random } from '../truth/random.js';
import { generate, type Run } from '../truth/run.js';
import { score } from '../truth/score.js';
import { type Capture, readPcap, writePcap } from './capture-file.js';
import {
  cutPackets,
  driftClock,
  hideBurst,
  hideEnd,
  hideSome,
  hideStart,
  shiftClock,
  type Transform,
} from './transforms.js';

/** A dozen in every run of the tests; BOTHENDS_TRUTH_SEEDS=200 for a long one. */
const SEEDS = Number(process.env.BOTHENDS_TRUTH_SEEDS ?? 12);
const FIRST_SEED = 77_001;
/** Some 30 ms each of fifteen analyses a seed, and ten times that beside other work. */
const LIMIT_MS = 120_000 + SEEDS * 5_000;

const TRANSFORMS: Readonly<Record<string, Transform>> = {
  'a clock that is hours off': shiftClock,
  'a clock that drifts': driftClock,
  'packets cut to 96 bytes': cutPackets,
  'packets hidden here and there': hideSome,
  'packets hidden in a burst': hideBurst,
  'a late start': hideStart,
  'an early end': hideEnd,
};

type Ends = readonly [client: Capture, server: Capture];

/** What a changed copy of a run is accused of at `strong` or better, and falsely. */
function falselyAccused(bench: Workbench, run: Run, [client, server]: Ends): string[] {
  const report = bench.analyze(writePcap(client), writePcap(server));
  return score(run, report)
    .filter(({ outcome }) => outcome === 'wrong' || outcome === 'overstated')
    .map(({ text }) => text);
}

function changedEnds([client, server]: Ends, change: Transform, seed: number): Ends[] {
  return [
    [change(client, new Random(seed)), server],
    [client, change(server, new Random(seed))],
  ];
}

it(
  `accuses nobody falsely in ${SEEDS} synthetic incidents, however their captures are changed or in whichever order they come`,
  () => {
    using bench = new Workbench();
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const run = generate(seed, undefined, { resolution: 'nanoseconds' });
      const ends: Ends = [readPcap(run.captures.client), readPcap(run.captures.server)];
      expect(falselyAccused(bench, run, [ends[1], ends[0]]), `seed ${seed}, swapped`).toEqual([]);
      for (const [name, change] of Object.entries(TRANSFORMS)) {
        for (const changed of changedEnds(ends, change, seed)) {
          if (changed.some(({ packets }) => packets.length === 0)) continue;
          expect(falselyAccused(bench, run, changed), `seed ${seed}, ${name}`).toEqual([]);
        }
      }
    }
  },
  LIMIT_MS,
);
