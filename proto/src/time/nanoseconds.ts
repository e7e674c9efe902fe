/**
 * Times are epoch nanoseconds. At the edges they are bigint. On the way of a packet they are float64 offsets from
 * a bigint base, exact for 104 days (2^53 ns), because a float64 cannot hold epoch nanoseconds.
 */

export const NS_PER_US = 1_000;
export const NS_PER_MS = 1_000_000;
export const NS_PER_S = 1_000_000_000;

/** `2026-01-02T03:04:05.123456789Z` for an epoch time in ns; years 0..9999. */
export function formatInstant(epochNs: bigint): string {
  const second = 1_000_000_000n;
  let seconds = epochNs / second;
  let fraction = epochNs % second;
  if (fraction < 0n) {
    fraction += second;
    seconds -= 1n;
  }
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return `@${epochNs}ns`;
  return `${date.toISOString().slice(0, 19)}.${fraction.toString().padStart(9, '0')}Z`;
}

/** Epoch ns of an instant as formatInstant writes it. Throws RangeError on anything else. */
export function parseInstant(text: string): bigint {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z$/.exec(text);
  const ms = match ? Date.parse(`${match[1]}Z`) : Number.NaN;
  if (!match || Number.isNaN(ms)) throw new RangeError(`not a UTC instant: ${text}`);
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0'));
}

/** A length of time for people: `830 ns`, `12.4 µs`, `300 ms`, `4.61 s`, `5m 03s`, `2h 05m`. */
export function formatDuration(ns: number): string {
  const sign = ns < 0 ? '-' : '';
  const a = Math.abs(ns);
  if (a < NS_PER_US) return `${sign}${Math.round(a)} ns`;
  if (a < NS_PER_MS) return `${sign}${significant(a / NS_PER_US)} µs`;
  if (a < NS_PER_S) return `${sign}${significant(a / NS_PER_MS)} ms`;
  if (a < 60 * NS_PER_S) return `${sign}${significant(a / NS_PER_S)} s`;
  const seconds = Math.round(a / NS_PER_S);
  const pad = (n: number) => String(n).padStart(2, '0');
  if (seconds < 3600) return `${sign}${Math.floor(seconds / 60)}m ${pad(seconds % 60)}s`;
  return `${sign}${Math.floor(seconds / 3600)}h ${pad(Math.floor((seconds % 3600) / 60))}m`;
}

function significant(x: number): string {
  const text = x >= 99.5 ? x.toFixed(0) : x >= 9.95 ? x.toFixed(1) : x.toFixed(2);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Milliseconds of `300ms`, `60s`, `5m`, `1h`, `7d`. Throws RangeError naming what it takes. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim());
  if (!match) throw new RangeError(`not a duration: "${text}" (write 300ms, 60s, 5m, 1h or 7d)`);
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] as 'ms'];
  return Number(match[1]) * unit;
}

/** Whole milliseconds of a time or duration in ns. */
export function msOf(ns: bigint): number {
  return Number(ns / 1_000_000n);
}

/** The ns of whole milliseconds. */
export function nsOf(ms: number): bigint {
  return BigInt(ms) * 1_000_000n;
}

/** The earlier of two times. */
export function earlierOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** The later of two times. */
export function laterOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
