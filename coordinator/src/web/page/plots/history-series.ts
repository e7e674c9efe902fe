import type { PathColumns, PathHistory } from '@bothends/proto';
import { parseInstant } from '@bothends/proto/time/nanoseconds';
import { type Axis, percentOf } from './coverage.js';
import { type Column, type Series, seriesFrom } from './series.js';

/** The history of a capture in so many columns of an axis, which may begin before it and end after it. */
export function historySeries(history: PathHistory, axis: Axis, count: number): Series {
  const start = parseInstant(history.startedAt);
  const placeOf = (i: number) => {
    const middle = start + BigInt(Math.round((i + 0.5) * history.columnNs));
    return Math.min(count - 1, Math.max(0, Math.floor((percentOf(axis, middle) / 100) * count)));
  };
  const spread = (columns: PathColumns): Column[] => {
    const spread = Array.from({ length: count }, (): Column => ({ ...EMPTY }));
    for (const i of columns.lost.keys()) join(spread[placeOf(i)], columns, i);
    return spread;
  };
  return seriesFrom(Math.max(1, Number(axis.endNs - axis.startNs)), {
    'toward-server': spread(history.toServer),
    'toward-client': spread(history.toClient),
  });
}

const EMPTY: Column = { lowest: null, typical: null, highest: null, lost: 0 };

/** Adds one column of the history to the column of the plot that it falls into. */
function join(into: Column | undefined, { lowestNs, meanNs, highestNs, lost }: PathColumns, i: number): void {
  if (into === undefined) return;
  into.lost += lost[i] ?? 0;
  const [lowest, mean, highest] = [lowestNs[i] ?? null, meanNs[i] ?? null, highestNs[i] ?? null];
  if (lowest === null || mean === null || highest === null) return;
  into.lowest = Math.min(into.lowest ?? lowest, lowest);
  into.highest = Math.max(into.highest ?? highest, highest);
  // Of several means the highest: a plot must not hide a slow moment.
  into.typical = Math.max(into.typical ?? mean, mean);
}
