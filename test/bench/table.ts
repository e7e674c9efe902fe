import type { Case, Figure } from './case.js';

/** The figures of a case as lines of text: what, value with unit, comparison. */
export function figureTable({ name, title }: Case, figures: readonly Figure[]): string {
  const rows = figures.map(({ what, value, unit, compared = '' }) => [
    what,
    `${rounded(value)} ${unit}`,
    compared,
  ]);
  const width = (column: number) => Math.max(0, ...rows.map((row) => (row[column] ?? '').length));
  const lines = rows.map(([what = '', value = '', compared = '']) =>
    `  ${what.padEnd(width(0))}  ${value.padStart(width(1))}  ${compared}`.trimEnd(),
  );
  return [`${name}: ${title}`, ...lines, ''].join('\n');
}

/** Three significant digits, thousands set apart; a dash where it could not be measured. */
function rounded(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const digits = Number(value.toPrecision(3));
  return digits >= 1000 ? String(digits).replace(/\B(?=(\d{3})+$)/g, ' ') : String(digits);
}
