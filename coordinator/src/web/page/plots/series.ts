import type { LadderRow } from '@bothends/proto';
import { delayOf } from '../ladder/words.js';

export type Direction = LadderRow['direction'];
export const DIRECTIONS: readonly Direction[] = ['toward-server', 'toward-client'];

/** One column of a plot: what happened in one stretch of time. */
export interface Column {
  /** Time on the way, ns; null where no packet was seen at both ends. */
  lowest: number | null;
  /** Median of a flow's packets; mean of a capture's, which keeps no packets. */
  typical: number | null;
  highest: number | null;
  lost: number;
}

export interface Series {
  /** ns that all columns span; at least 1. */
  spanNs: number;
  columns: Record<Direction, Column[]>;
  /** Highest and lowest time on the way, ns; null where there is none. */
  range: { lowest: number; highest: number } | null;
  lost: Record<Direction, number>;
}

/** Latency and loss over time in so many columns, so that a plot of any flow costs the same to draw. */
export function seriesOf(rows: readonly LadderRow[], count: number): Series {
  const spanNs = Math.max(1, rows.at(-1)?.timeNs ?? 0);
  const delays = {
    'toward-server': buckets<number[]>(count, () => []),
    'toward-client': buckets<number[]>(count, () => []),
  };
  const losses = { 'toward-server': buckets(count, () => 0), 'toward-client': buckets(count, () => 0) };
  for (const row of rows) {
    const at = Math.min(count - 1, Math.max(0, Math.floor((row.timeNs / spanNs) * count)));
    const delay = row.fate === 'delivered' ? delayOf(row) : null;
    if (delay !== null) delays[row.direction][at]?.push(delay);
    if (row.fate === 'lost') losses[row.direction][at] = (losses[row.direction][at] ?? 0) + 1;
  }
  const columnsOf = (direction: Direction) =>
    delays[direction].map((each, i) => column(each, losses[direction][i] ?? 0));
  const columns = {
    'toward-server': columnsOf('toward-server'),
    'toward-client': columnsOf('toward-client'),
  };
  return seriesFrom(spanNs, columns);
}

/** Columns of both directions with what is told of all of them. */
export function seriesFrom(spanNs: number, columns: Series['columns']): Series {
  const total = (direction: Direction) => columns[direction].reduce((sum, { lost }) => sum + lost, 0);
  return {
    spanNs,
    columns,
    range: rangeOf(DIRECTIONS.flatMap((direction) => columns[direction])),
    lost: { 'toward-server': total('toward-server'), 'toward-client': total('toward-client') },
  };
}

function buckets<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function column(delays: number[], lost: number): Column {
  delays.sort((a, b) => a - b);
  return {
    lowest: delays[0] ?? null,
    typical: delays[delays.length >> 1] ?? null,
    highest: delays.at(-1) ?? null,
    lost,
  };
}

function rangeOf(columns: readonly Column[]): Series['range'] {
  const known = columns.filter(({ typical }) => typical !== null);
  if (known.length === 0) return null;
  return {
    lowest: Math.min(...known.map(({ lowest }) => lowest ?? 0)),
    highest: Math.max(...known.map(({ highest }) => highest ?? 0)),
  };
}
