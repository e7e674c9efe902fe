import type { ClockReport, PathHistory, TapReport } from '@bothends/proto';
import { counted, plusMinus } from '@bothends/proto/report/words';
import { formatDuration, parseInstant } from '@bothends/proto/time/nanoseconds';

/** A stretch of a band, in percent of its width. */
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

/** One line of time for all that is drawn of a capture: epoch ns on the client's clock. */
export interface Axis {
  startNs: bigint;
  endNs: bigint;
}

/** A gap of a millisecond in an hour must still be seen. */
const MIN_WIDTH = 0.6;

/** From the first opening of a tap to the last closing, or packet; null where no time is known. */
export function axisOf(
  taps: readonly TapReport[],
  clock: ClockReport,
  history: PathHistory | null,
): Axis | null {
  const times = taps.flatMap((tap) => timesOf(tap).map((at) => commonTime(at, tap, clock)));
  if (history !== null && history.clockErrorNs.length > 0) {
    const start = parseInstant(history.startedAt);
    times.push(start, start + BigInt(history.columnNs) * BigInt(history.clockErrorNs.length));
  }
  times.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const [startNs, endNs] = [times[0], times.at(-1)];
  return startNs === undefined || endNs === undefined ? null : { startNs, endNs };
}

/** Where on the axis an instant is, in percent. */
export function percentOf({ startNs, endNs }: Axis, at: bigint): number {
  return endNs === startNs ? 0 : Number(((at - startNs) * 1_000_000n) / (endNs - startNs)) / 10_000;
}

/** Where each tap was open and where it has gaps. */
export function bandsOf(taps: readonly TapReport[], clock: ClockReport, axis: Axis | null): Band[] {
  if (axis === null) return taps.map((tap) => ({ tap, stretches: [] }));
  return taps.map((tap) => ({
    tap,
    stretches: stretchesOf(tap, (at) => percentOf(axis, commonTime(at, tap, clock))),
  }));
}

/** Where the difference of the two clocks is bounded from both sides, and where one of them was stepped. */
export function clockStretches(history: PathHistory, clock: ClockReport, axis: Axis): Stretch[] {
  const stretches: Stretch[] = [];
  const start = parseInstant(history.startedAt);
  const percent = (column: number) => percentOf(axis, start + BigInt(history.columnNs) * BigInt(column));
  let begin = 0;
  const errors = history.clockErrorNs;
  for (let i = 1; i <= errors.length; i++) {
    if (i < errors.length && (errors[i] === null) === (errors[begin] === null)) continue;
    // What the first and the last packet tell holds for the quiet before and after them.
    const from = begin === 0 ? 0 : percent(begin);
    const to = i === errors.length ? 100 : percent(i);
    stretches.push({ from, width: to - from, ...clockQuality(errors.slice(begin, i)) });
    begin = i;
  }
  const steps = clock.steps.map(({ at, byNs }): Stretch => {
    const from = Math.min(Math.max(0, percentOf(axis, parseInstant(at))), 100 - MIN_WIDTH);
    return { from, width: MIN_WIDTH, kind: 'gap', text: `a clock was stepped by ${formatDuration(byNs)}` };
  });
  return [...stretches, ...steps];
}

function clockQuality(errors: readonly (number | null)[]): Pick<Stretch, 'kind' | 'text'> {
  const known = errors.filter((error) => error !== null);
  if (known.length === 0)
    return { kind: 'unknown', text: 'the difference of the clocks is not bounded from both sides' };
  const [best, worst] = [Math.min(...known), Math.max(...known)].map(formatDuration);
  return {
    kind: 'open',
    text: best === worst ? `known to ± ${best}` : `known to ± ${best} at best, ± ${worst} at worst`,
  };
}

function timesOf({ openedAt, closedAt, gaps }: TapReport): string[] {
  return [...[openedAt, closedAt].filter((at) => at !== null), ...gaps.flatMap(({ from, to }) => [from, to])];
}

/** A tap's own time on the client's clock. */
function commonTime(at: string, { role }: TapReport, { offsetNs }: ClockReport): bigint {
  return parseInstant(at) - (role === 'server' ? BigInt(Math.round(offsetNs ?? 0)) : 0n);
}

function stretchesOf(tap: TapReport, percent: (at: string) => number): Stretch[] {
  const from = tap.openedAt === null ? 0 : percent(tap.openedAt);
  const to = tap.closedAt === null ? 100 : percent(tap.closedAt);
  const kind = tap.coverage === 'unknown' ? 'unknown' : 'open';
  const whole: Stretch = { from, width: Math.max(to - from, MIN_WIDTH), kind, text: openText(tap) };
  const gaps = tap.gaps.map((gap): Stretch => {
    const begin = Math.min(percent(gap.from), 100 - MIN_WIDTH);
    const width = Math.max(percent(gap.to) - begin, MIN_WIDTH);
    const packets =
      gap.packets === null ? 'packets may be missing' : `${counted(gap.packets, 'packet')} missing`;
    return { from: begin, width, kind: 'gap', text: `${gap.from} to ${gap.to}: ${packets} (${gap.cause})` };
  });
  return [whole, ...gaps];
}

function openText({ openedAt, closedAt }: TapReport): string {
  return `open from ${openedAt ?? 'an unknown time'} to ${closedAt ?? 'now'}`;
}

/** How well the two clocks are known, in words. */
export function clockText({ offsetNs, errorNs, driftPpm, method, steps }: ClockReport): string {
  if (offsetNs === null) return 'the difference of the two clocks is not known';
  const drift = driftPpm === null ? '' : ` · drift ${driftPpm.toFixed(1)} ppm`;
  const side = offsetNs < 0 ? 'behind' : 'ahead of';
  const by = steps.map((step) => formatDuration(step.byNs)).join(', ');
  const stepped = steps.length === 0 ? '' : ` · ${counted(steps.length, 'step')}, by ${by}`;
  return `server's ${plusMinus(Math.abs(offsetNs), errorNs)} ${side} client's${drift} · from ${METHODS[method] ?? method}${stepped}`;
}

/** What the clocks' difference was derived from. */
const METHODS: Readonly<Record<string, string>> = {
  packets: 'the packets themselves',
  exchange: "the agents' exchange of time",
};
