import { openCaptureFile } from '@bothends/agent';
import { Engine } from '@bothends/coordinator/engine/engine';
import { FLOW_RULES } from '@bothends/coordinator/engine/rules/index';
import { isUneventful } from '@bothends/coordinator/engine/rules/uneventful';
import { PacketTable } from '@bothends/proto';
import { expect, it } from 'vitest';
import { capturePaths } from '../scenarios/captures.js';
import { SCENARIOS } from '../scenarios/index.js';

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

/** Feeds both captures; `keep` of the packets of each tap, so that captures also end in the middle. */
function askAbout(name: string, keep: readonly [number, number]): { flows: number; found: string[] } {
  const engine = new Asked({ captureId: 'c', captureName: '', port: null, vouchComplete: true });
  const table = new PacketTable(64);
  const paths = capturePaths(name);
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

it.each(SCENARIOS)(
  '$name: no rule has anything to say about a flow that is called uneventful',
  ({ name }) => {
    const ways = [
      [1e9, 1e9],
      [64, 1e9],
      [1e9, 64],
    ] as const;
    for (const keep of ways) expect(askAbout(name, keep).found).toEqual([]);
  },
);

it('calls some flows so', () => {
  const flows = SCENARIOS.map(({ name }) => askAbout(name, [1e9, 1e9]).flows);
  expect(flows.reduce((sum, n) => sum + n, 0)).toBeGreaterThan(20);
});
