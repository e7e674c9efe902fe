import { openCaptureFile } from '@bothends/agent';
import { Engine } from '@bothends/coordinator/engine/engine';
import { FLOW_RULES } from '@bothends/coordinator/engine/rules/index';
import { isUneventful } from '@bothends/coordinator/engine/rules/uneventful';
import { PacketTable } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';
import { type CapturePaths, eachIncident } from './incidents.js';

/** Synthetic incidents. */
const RUNS = 50;

/** Packets of the two captures that are read: all, or so few of one that it ends in the middle. */
const WAYS = [
  [1e9, 1e9],
  [64, 1e9],
  [1e9, 64],
] as const;

/** Flows that are told to be uneventful, and what every rule finds about them all the same. */
class Asked extends Engine {
  ask(): { flows: number; found: string[] } {
    const flows = this.facts().flows.filter(isUneventful);
    return {
      flows: flows.length,
      found: flows.flatMap((flow) => FLOW_RULES.flatMap((rule) => rule(flow)).map((d) => d.code)),
    };
  }
}

/** Feeds both captures, `keep` of the packets of each tap. */
function askAbout(paths: CapturePaths, keep: readonly [number, number]): { flows: number; found: string[] } {
  const engine = new Asked({ captureId: 'c', captureName: '', port: null, vouchComplete: true });
  const table = new PacketTable(64);
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

/** Returns how many flows of the whole captures are uneventful. */
function expectNothing(paths: CapturePaths, which: string): number {
  const asked = WAYS.map((keep) => askAbout(paths, keep));
  for (const { found } of asked) expect(found, which).toEqual([]);
  return asked[0]?.flows ?? 0;
}

describe('no rule has anything to say about a flow that is called uneventful', () => {
  it.each(SCENARIOS)('$name', ({ name }) => {
    expectNothing(capturePaths(name), name);
  });

  it(`${RUNS} synthetic incidents, of which some have such flows`, { timeout: 120_000 }, () => {
    let flows = 0;
    eachIncident(RUNS, (paths, seed) => {
      flows += expectNothing(paths, `seed ${seed}`);
    });
    expect(flows).toBeGreaterThan(RUNS / 5);
  });
});
