import { openCaptureFile } from '@bothends/agent';
import { Engine } from '@bothends/coordinator/engine/engine';
import { canonicalJson, PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { type CapturePaths, eachIncident } from './incidents.js';

/** Packets pushed at a time: few, so that flows are put away in the middle of what happens to them. */
const AT_A_TIME = 4;

/** Synthetic incidents. */
const RUNS = 50;

/** Puts every flow away whenever it has taken packets of a tap, and takes it out again for each that comes. */
class Restless extends Engine {
  constructor(options: ConstructorParameters<typeof Engine>[0]) {
    super(options);
    this.intake.sweep.atEase = 0;
    this.intake.sweep.patience = 0;
    this.intake.sweep.placesPerPacket = Number.POSITIVE_INFINITY;
  }

  /** Flows of which nothing is left but what was put away. */
  get putAway(): number {
    const { store } = this.intake;
    return store.table.count - store.openFlows;
  }
}

/** Pushes both files, now of one, now of the other; `between` is done again and again. */
function feed(engine: Engine, paths: CapturePaths, between: () => void): string {
  const files = paths.map((path) => openCaptureFile(path));
  const taps = paths.map((_, i) => engine.addTap({ name: `tap ${i}`, role: null, addresses: [] }));
  const table = new PacketTable(AT_A_TIME);
  let left = [0, 1];
  for (let turn = 0; left.length > 0; turn++) {
    left = left.filter((i) => {
      const more = files[i]?.next(table) ?? false;
      if (more) engine.push(taps[i] as number, table);
      return more;
    });
    if (turn % 64 === 0) between();
  }
  for (const tap of taps) engine.finish(tap);
  for (const file of files) file.close();
  return canonicalJson(engine.report());
}

const OPTIONS = { captureId: 'c', captureName: '', port: null, vouchComplete: false };

function expectSame(paths: CapturePaths, which: string): void {
  const restless = new Restless(OPTIONS);
  const report = feed(restless, paths, () => restless.report());
  expect(restless.putAway, which).toBeGreaterThan(0);
  expect(report, which).toBe(feed(new Engine(OPTIONS), paths, () => {}));
}

describe('a flow that is put away and taken out again gives the same report', () => {
  it.each(SCENARIOS)('$name', ({ name }) => {
    expectSame(capturePaths(name), name);
  });

  it(`${RUNS} synthetic incidents`, { timeout: 600_000 }, () => {
    eachIncident(RUNS, (paths, seed) => {
      expectSame(paths, `seed ${seed}`);
    });
  });
});
