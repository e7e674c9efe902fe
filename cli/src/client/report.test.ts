import type { Report } from '@bothends/proto';
import { expect, test } from 'vitest';
import { ownReport, readReport } from './report.js';

const json = (headline: string) => JSON.stringify({ schema: 'bothends.report.v1', headline }, null, 2);

test.each([
  ['an escape sequence', 'red\u001b[31m', 'red\ufffd[31m'],
  ['a carriage return', 'over\rwritten', 'over\ufffdwritten'],
  ['a mark that turns the writing', 'a\u202eb', 'a\ufffdb'],
  ['nothing of the kind', 'two\nlines “as they are”', 'two\nlines “as they are”'],
])('%s in a text of another host', (_what, headline, shown) => {
  const { report, json: kept } = readReport(json(headline));
  expect(report.headline).toBe(shown);
  expect([...kept].join('')).toBe(json(headline));
});

test('a report that was computed here is made as safe as one that came from elsewhere', () => {
  const hostile = { ...(JSON.parse(json('fine')) as Report), headline: 'red \u001b[31m alert' };
  expect(ownReport(hostile).report).toEqual(readReport([...ownReport(hostile).json].join('')).report);
  expect(ownReport(hostile).report.headline).not.toContain('\u001b');
});
