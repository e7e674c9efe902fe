import type { VerdictCode } from '@bothends/proto';
import type { Mark, Outcome } from './score.js';

const OUTCOMES: readonly Outcome[] = ['right', 'weakened', 'missed', 'weakly-wrong', 'overstated', 'wrong'];

/** Counts of outcomes by verdict code, and the seeds worth looking at. */
export class Tally {
  private readonly counts = new Map<VerdictCode, Record<Outcome, number>>();
  private readonly seeds: string[] = [];
  runs = 0;

  add(kind: string, seed: number, marks: readonly Mark[]): void {
    this.runs++;
    for (const { code, outcome, text } of marks) {
      const row = this.counts.get(code) ?? emptyRow();
      row[outcome]++;
      this.counts.set(code, row);
      if (outcome !== 'right' && outcome !== 'weakened')
        this.seeds.push(`${outcome}  ${kind}  seed ${seed}  ${text}`);
    }
  }

  count(outcome: Outcome): number {
    let sum = 0;
    for (const row of this.counts.values()) sum += row[outcome];
    return sum;
  }

  /** The table, and below it up to `limit` seeds of each outcome that needs a look. */
  render(limit: number): string {
    const header = ['code', ...OUTCOMES];
    const rows = [...this.counts]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([code, row]) => {
        return [code, ...OUTCOMES.map((outcome) => String(row[outcome]))];
      });
    const total = ['all', ...OUTCOMES.map((outcome) => String(this.count(outcome)))];
    return [...align([header, ...rows, total]), '', ...this.worst(limit)].join('\n');
  }

  private worst(limit: number): string[] {
    return OUTCOMES.toReversed().flatMap((outcome) =>
      this.seeds.filter((line) => line.startsWith(`${outcome} `)).slice(0, limit),
    );
  }
}

function emptyRow(): Record<Outcome, number> {
  return { right: 0, weakened: 0, missed: 0, 'weakly-wrong': 0, overstated: 0, wrong: 0 };
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
      .join('  '),
  );
}
