import type { Report } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { reportHtml } from './html/html.js';
import { cells } from './layout.js';
import { reportMarkdown } from './markdown.js';
import { outcomeOf } from './page.js';
import { forgedReport } from './samples/forged.js';
import { healthyReport, inconclusiveReport, manyReport } from './samples/others.js';
import { COLOUR, PLAIN } from './style.js';
import { reportText } from './text.js';

const samples: [string, Report][] = [
  ['forged', forgedReport],
  ['healthy', healthyReport],
  ['inconclusive', inconclusiveReport],
  ['many', manyReport],
];

const text = (report: Report, width = 100) => reportText(report, { width, style: PLAIN });

describe.each(samples)('report %s', (name, report) => {
  test('looks like its golden text', async () => {
    await expect(text(report)).toMatchFileSnapshot(`golden/${name}.txt`);
  });

  test('looks like its golden markdown', async () => {
    await expect(reportMarkdown(report)).toMatchFileSnapshot(`golden/${name}.md`);
  });

  test('looks like its golden HTML', async () => {
    await expect(reportHtml(report)).toMatchFileSnapshot(`golden/${name}.html`);
  });

  test('opens with its headline', () => {
    const opening = text(report).replace(/\s+/g, ' ');
    expect(opening.startsWith(report.headline)).toBe(true);
  });

  test('fits a page of 60 lines and the width', () => {
    for (const width of [60, 80, 110]) {
      const prose = text(report, width).split('\n');
      const tooWide = prose.filter((line) => cells(line) > width);
      expect(tooWide).toEqual([]);
    }
    expect(text(report).split('\n').length).toBeLessThanOrEqual(61);
  });
});

test('colour adds nothing but SGR codes', () => {
  const coloured = reportText(forgedReport, { width: 100, style: COLOUR });
  expect(coloured).not.toBe(text(forgedReport));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: SGR codes begin with ESC.
  expect(coloured.replace(/\u001b\[\d+m/g, '')).toBe(text(forgedReport));
});

test('equal faults on many flows are told once', () => {
  expect(text(manyReport).match(/rst-genuine {2}/g)).toHaveLength(1);
  expect(text(manyReport)).toContain('the same on 11 more flows: f4, f7');
  expect(text(manyReport)).toContain('and 30 more');
});

test('faulty flows come first in the table', () => {
  const lines = text(forgedReport).split('\n');
  const at = (id: string) => lines.findIndex((line) => line.startsWith(`  ${id} `));
  expect(at('f1')).toBeGreaterThan(0);
  expect(at('f1')).toBeLessThan(at('f2'));
});

test('a genuine RST that a forged one bred is its consequence, not a fault of its own', () => {
  expect(text(forgedReport)).toContain('↳ consequence: rst-genuine: db-1 answered');
  expect(text(forgedReport)).not.toContain('STRONG  rst-genuine');
});

test('HTML is one file without script, and text cannot become markup', () => {
  const html = reportHtml(manyReport);
  expect(html).not.toMatch(/<script|src=|href=|@import|url\(/i);
  expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
});

test('markdown keeps hostile text out of the markup', () => {
  const markdown = reportMarkdown(manyReport);
  expect(markdown).toContain('\\<script\\>alert(1)\\</script\\>');
  expect(markdown).toContain('`` port 5432 | `id` <b> ``');
});

test('outcome: faults, doubt, and notes that are neither', () => {
  expect(outcomeOf(forgedReport)).toBe('fault');
  expect(outcomeOf(inconclusiveReport)).toBe('inconclusive');
  expect(outcomeOf(healthyReport)).toBe('clean');
  const onlyNotes = {
    ...forgedReport,
    findings: forgedReport.findings.filter((f) => f.code === 'mss-clamped'),
  };
  expect(outcomeOf(onlyNotes)).toBe('clean');
  expect(outcomeOf({ ...healthyReport, flows: [] })).toBe('inconclusive');
});
