import { readFileSync } from 'node:fs';
import { VERDICT_CODES } from '@bothends/proto';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { forgedReport } from './samples/forged.js';
import { healthyReport, inconclusiveReport, manyReport } from './samples/others.js';

const schema = JSON.parse(readFileSync(new URL('../../../docs/report-schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);

test.each([
  ['forged', forgedReport],
  ['healthy', healthyReport],
  ['inconclusive', inconclusiveReport],
  ['many', manyReport],
])('the published schema takes the report %s', (_name, report) => {
  validate(report);
  expect(validate.errors ?? []).toEqual([]);
});

test('it knows every verdict', () => {
  expect(schema.$defs.code.enum).toEqual([...VERDICT_CODES]);
});

describe('it refuses what is not in the contract', () => {
  const [finding, ...rest] = forgedReport.findings;
  test.each([
    ['an unknown field', { ...forgedReport, extra: 1 }],
    ['a missing field', { ...forgedReport, headline: undefined }],
    ['another schema', { ...forgedReport, schema: 'bothends.report.v2' }],
    ['an unknown verdict', { ...forgedReport, findings: [{ ...finding, code: 'gremlins' }, ...rest] }],
    ['a percentage for a grade', { ...forgedReport, findings: [{ ...finding, grade: 0.9 }, ...rest] }],
    ['a local time', { ...forgedReport, findings: [{ ...finding, at: '2026-01-02 10:00:00' }, ...rest] }],
  ])('%s', (_name, report) => {
    expect(validate(JSON.parse(JSON.stringify(report)))).toBe(false);
  });
});
