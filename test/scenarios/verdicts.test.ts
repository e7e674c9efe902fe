import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';
import { SCENARIOS } from './index.js';
import { judge } from './judge.js';
import { reportOn } from './report.js';

/** Captures that belong to the demo and its incidents. */
const NOT_SCENARIOS = ['demo'];

describe('verdicts on captures of real stacks', () => {
  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario.title, scenario] as const))(
    '%s: %s',
    (_name, _title, scenario) => {
      expect(judge(scenario, reportOn(scenario))).toEqual([]);
    },
  );

  it('has a capture for each scenario, and a scenario for each capture', () => {
    const recorded = readdirSync(join(TEST_ROOT, 'captures')).filter((name) => !NOT_SCENARIOS.includes(name));
    expect(recorded.sort()).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });
});
