import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportHtml } from '@bothends/cli/render/html/html';
import { reportMarkdown } from '@bothends/cli/render/markdown';
import { PLAIN } from '@bothends/cli/render/style';
import { reportText } from '@bothends/cli/render/text';
import { canonicalJson, type Report } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { TEST_ROOT } from '../lab/paths.js';
import { SCENARIOS } from '../scenarios/index.js';
import { reportOn } from '../scenarios/report.js';

const FOLDER = join(TEST_ROOT, 'golden');
/** `UPDATE_GOLDEN=1 npx vitest run test/golden` writes the reports anew; the difference is then for a person to read. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
/** As wide as a ticket shows without wrapping. */
const WIDTH = 100;

/** Every form a report is given in, by the ending of its golden file. */
const FORMS: Readonly<Record<string, (report: Report) => string>> = {
  json: canonicalJson,
  txt: (report) => reportText(report, { width: WIDTH, style: PLAIN }),
  md: reportMarkdown,
  html: reportHtml,
};

describe('golden reports', () => {
  it.each(SCENARIOS)('$name: the same evidence gives the same report, byte for byte', (scenario) => {
    const report = reportOn(scenario);
    for (const [ending, write] of Object.entries(FORMS)) {
      const path = join(FOLDER, `${scenario.name}.${ending}`);
      const text = write(report);
      if (UPDATE) writeFileSync(path, text);
      expect(existsSync(path), `no golden report ${path}`).toBe(true);
      expect(text).toBe(readFileSync(path, 'utf8'));
    }
  });

  it('has no report without a scenario', () => {
    const written = readdirSync(FOLDER).filter((name) => !name.endsWith('.ts'));
    const wanted = SCENARIOS.flatMap(({ name }) => Object.keys(FORMS).map((ending) => `${name}.${ending}`));
    expect(written.sort()).toEqual(wanted.sort());
  });
});
