import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';
import { analyzeFiles } from '../truth/analyze.js';
import { capturePaths } from './captures.js';
import { SCENARIOS } from './index.js';
import { judge } from './judge.js';

/** Captures that belong to the demo and its incidents. */
const NOT_SCENARIOS = ['demo'];

describe('verdicts on captures of real stacks', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario.title, scenario] as const))(
    '%s: %s',
    (name, _, scenario) => {
      const [client, server] = capturePaths(name);
      expect(judge(scenario, analyzeFiles(client, server, scenario.asked ? scenario.port : null))).toEqual(
        [],
      );
    },
  );

  it('has a capture for each scenario, and a scenario for each capture', () => {
    const recorded = readdirSync(join(TEST_ROOT, 'captures')).filter((name) => !NOT_SCENARIOS.includes(name));
    expect(recorded.sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });
});
