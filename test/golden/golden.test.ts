import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalJson } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';
import { SCENARIOS } from '../scenarios/index.js';
import { reportOn } from '../scenarios/report.js';

const FOLDER = join(TEST_ROOT, 'golden');
/** `UPDATE_GOLDEN=1 npx vitest run test/golden` writes the reports anew; the difference is then for a person to read. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';

describe('golden reports', () => {
  it.each(SCENARIOS)('$name: the same evidence gives the same report, byte for byte', (scenario) => {
    const path = join(FOLDER, `${scenario.name}.json`);
    const report = canonicalJson(reportOn(scenario));
    if (UPDATE) writeFileSync(path, report);
    expect(existsSync(path), `no golden report ${path}`).toBe(true);
    expect(report).toBe(readFileSync(path, 'utf8'));
  });

  it('has no report without a scenario', () => {
    const written = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
    expect(written.sort()).toEqual(SCENARIOS.map(({ name }) => `${name}.json`).sort());
  });
});
