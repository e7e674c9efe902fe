const DAYS: readonly string[] = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const MINUTES_PER_DAY = 1440;
const MS_PER_MINUTE = 60_000;

/** Part of a day on some days of the week, in local time. It does not cross midnight. */
export interface TimeWindow {
  /** As the owner wrote it: `mon-fri 08:00-18:00`. */
  readonly text: string;
  /** One for each day from Sunday. */
  readonly days: readonly boolean[];
  /** Minutes of the day: from the first, up to and without the last. */
  readonly from: number;
  readonly to: number;
}

/** Reads `08:00-18:00`, `mon-fri 08:00-18:00` or `sat 00:00-24:00`; null when it is none of these. */
export function parseWindow(text: string): TimeWindow | null {
  const match = /^(?:([a-z]{3})(?:-([a-z]{3}))? )?(\d\d):(\d\d)-(\d\d):(\d\d)$/.exec(text.trim());
  if (match === null) return null;
  const [, first, last, ...clock] = match;
  const days = daysOf(first, last ?? first);
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = clock.map(Number);
  const from = fromHour * 60 + fromMinute;
  const to = toHour * 60 + toMinute;
  const valid = fromMinute < 60 && toMinute < 60 && from < to && to <= MINUTES_PER_DAY;
  return days !== null && valid ? { text: text.trim(), days, from, to } : null;
}

/** How long captures may still run at this moment, ms; 0 when none of the windows is open. */
export function msLeft(windows: readonly TimeWindow[], at: Date): number {
  const minute = at.getHours() * 60 + at.getMinutes();
  const intoMinute = at.getSeconds() * 1000 + at.getMilliseconds();
  const open = windows.filter(
    ({ days, from, to }) => days[at.getDay()] === true && from <= minute && minute < to,
  );
  return Math.max(0, ...open.map(({ to }) => (to - minute) * MS_PER_MINUTE - intoMinute));
}

/** Every day where none is named; `fri-mon` goes over the weekend. */
function daysOf(first: string | undefined, last: string | undefined): boolean[] | null {
  if (first === undefined || last === undefined) return DAYS.map(() => true);
  const from = DAYS.indexOf(first);
  const to = DAYS.indexOf(last);
  if (from < 0 || to < 0) return null;
  const length = ((to - from + DAYS.length) % DAYS.length) + 1;
  return DAYS.map((_, day) => (day - from + DAYS.length) % DAYS.length < length);
}
