import type { TapReport } from '@bothends/proto';
import { parseInstant } from '@bothends/proto/time/nanoseconds';

/** A stretch of the band, in percent of its width. */
export interface Stretch {
  from: number;
  width: number;
  kind: 'open' | 'unknown' | 'gap';
  text: string;
}

export interface Band {
  tap: TapReport;
  stretches: Stretch[];
}

/** A gap of a millisecond in an hour must still be seen. */
const MIN_WIDTH = 0.6;

/** Where each tap was open and where it has gaps, all on one scale from the first opening to the last closing. */
export function bandsOf(taps: readonly TapReport[]): Band[] {
  const times = taps.flatMap(({ openedAt, closedAt, gaps }) => [
    ...[openedAt, closedAt].filter((at) => at !== null),
    ...gaps.flatMap(({ from, to }) => [from, to]),
  ]);
  const all = times.map(parseInstant).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [start, end] = [all[0], all.at(-1)];
  if (start === undefined || end === undefined) return taps.map((tap) => ({ tap, stretches: [] }));
  const percent = (at: string) =>
    end === start ? 0 : Number(((parseInstant(at) - start) * 1_000_000n) / (end - start)) / 10_000;
  return taps.map((tap) => ({ tap, stretches: stretchesOf(tap, percent) }));
}

function stretchesOf(tap: TapReport, percent: (at: string) => number): Stretch[] {
  const from = tap.openedAt === null ? 0 : percent(tap.openedAt);
  const to = tap.closedAt === null ? 100 : percent(tap.closedAt);
  const kind = tap.coverage === 'unknown' ? 'unknown' : 'open';
  const whole: Stretch = { from, width: Math.max(to - from, MIN_WIDTH), kind, text: openText(tap) };
  const gaps = tap.gaps.map((gap): Stretch => {
    const begin = Math.min(percent(gap.from), 100 - MIN_WIDTH);
    const width = Math.max(percent(gap.to) - begin, MIN_WIDTH);
    const packets = gap.packets === null ? 'packets may be missing' : `${gap.packets} packets missing`;
    return { from: begin, width, kind: 'gap', text: `${gap.from} to ${gap.to}: ${packets} (${gap.cause})` };
  });
  return [whole, ...gaps];
}

function openText({ openedAt, closedAt }: TapReport): string {
  return `open from ${openedAt ?? 'an unknown time'} to ${closedAt ?? 'now'}`;
}
