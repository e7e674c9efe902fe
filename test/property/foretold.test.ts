import { openCaptureFile } from '@bothends/agent';
import { Engine } from '@bothends/coordinator/engine/engine';
import type { FaultKind } from '@bothends/coordinator/engine/rules/draft';
import { foregone } from '@bothends/coordinator/engine/rules/foregone';
import { FLOW_RULES } from '@bothends/coordinator/engine/rules/index';
import { isUneventful } from '@bothends/coordinator/engine/rules/uneventful';
import { PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { type CapturePaths, eachIncident } from './incidents.js';

/** Synthetic incidents. */
const RUNS = 50;

/** Packets of the two captures that are read: all, so few of one that it ends in the middle, or hardly any. */
const WAYS = [
  [1e9, 1e9],
  [64, 1e9],
  [1e9, 64],
  [1, 1],
  [2, 2],
] as const;

/** A flow of which the rows say what will be found, and what every rule finds about it all the same. */
interface Foretold {
  /** Nothing, or one fault. */
  readonly expected: readonly FaultKind[];
  readonly found: readonly FaultKind[];
}

class Asked extends Engine {
  ask(): Foretold[] {
    return this.facts().flows.flatMap((flow) => {
      const kind = foregone(flow);
      if (kind === null && !isUneventful(flow)) return [];
      const found = FLOW_RULES.flatMap((rule) => rule(flow)).map(kindOf);
      return [{ expected: kind === null ? [] : [kind], found }];
    });
  }
}

function kindOf({ code, grade, direction, sender, cause, blame }: FaultKind): FaultKind {
  return { code, grade, direction, sender, cause, blame };
}

/** Feeds both captures, `keep` of the packets of each tap. */
function askAbout(paths: CapturePaths, keep: readonly [number, number]): Foretold[] {
  const engine = new Asked({ captureId: 'c', captureName: '', port: null, vouchComplete: true });
  const table = new PacketTable(Math.min(64, ...keep));
  const taps = paths.map((_, i) => engine.addTap({ name: `tap ${i}`, role: null, addresses: [] }));
  for (const [i, path] of paths.entries()) {
    const file = openCaptureFile(path);
    for (let left = keep[i] as number; left > 0 && file.next(table); left -= table.length)
      engine.push(taps[i] as number, table);
    file.close();
    engine.finish(taps[i] as number);
  }
  return engine.ask();
}

/** Returns how many flows nothing was expected of, and how many a fault. */
function expectForetold(paths: CapturePaths, which: string): [uneventful: number, faulty: number] {
  const told = WAYS.flatMap((keep) => askAbout(paths, keep));
  for (const { expected, found } of told) expect(found, which).toEqual(expected);
  const faulty = told.filter(({ expected }) => expected.length > 0).length;
  return [told.length - faulty, faulty];
}

describe('the rules find what the rows of an uneventful flow or of a lone SYN foretell', () => {
  it.each(SCENARIOS)('$name', ({ name }) => {
    expectForetold(capturePaths(name), name);
  });

  it(`${RUNS} synthetic incidents, of which some have such flows`, { timeout: 600_000 }, () => {
    let [uneventful, faulty] = [0, 0];
    eachIncident(RUNS, (paths, seed) => {
      const [calm, lone] = expectForetold(paths, `seed ${seed}`);
      uneventful += calm;
      faulty += lone;
    });
    expect(uneventful).toBeGreaterThan(RUNS / 5);
    expect(faulty).toBeGreaterThan(0);
  });
});
