import { type LadderRow, NS_PER_MS } from '@bothends/proto';

/** What `--around` looks for. */
export const LANDMARKS = ['rst', 'syn', 'fin', 'loss', 'forged'] as const;
export type Landmark = (typeof LANDMARKS)[number];

/** Which rows of a ladder to show; times in ms from the flow's first packet. */
export interface Zoom {
  readonly around: Landmark | null;
  readonly fromMs: number | null;
  readonly toMs: number | null;
}

/** Rows before and after a landmark: the exchange that led to it and what both ends did then. */
const ROWS_BEFORE = 12;
const ROWS_AFTER = 8;

/** A half-open range of row indices. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The rows that a zoom leaves. null: no row is the landmark. */
export function zoomRows(rows: readonly LadderRow[], zoom: Zoom): RowRange | null {
  let start = 0;
  let end = rows.length;
  if (zoom.around !== null) {
    const landmark = zoom.around;
    const at = rows.findIndex((row) => isLandmark(row, landmark));
    if (at < 0) return null;
    start = Math.max(0, at - ROWS_BEFORE);
    end = Math.min(rows.length, at + ROWS_AFTER + 1);
  }
  const fromNs = zoom.fromMs === null ? Number.NEGATIVE_INFINITY : zoom.fromMs * NS_PER_MS;
  const toNs = zoom.toMs === null ? Number.POSITIVE_INFINITY : zoom.toMs * NS_PER_MS;
  while (start < end && (rows[start] as LadderRow).timeNs < fromNs) start++;
  while (end > start && (rows[end - 1] as LadderRow).timeNs > toNs) end--;
  return { start, end };
}

function isLandmark(row: LadderRow, landmark: Landmark): boolean {
  switch (landmark) {
    case 'rst':
      return row.flags.includes('R');
    case 'syn':
      return row.flags.includes('S');
    case 'fin':
      return row.flags.includes('F');
    case 'loss':
      return row.fate === 'lost';
    case 'forged':
      return row.fate === 'injected';
  }
}
