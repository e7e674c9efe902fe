import { Differences } from './differences.js';
import { Envelope, MAX_SKEW, type Segment } from './envelope.js';
import { estimateLine, type Line } from './estimate.js';

/** Bounds on θ = clock of tap 1 − clock of tap 0 at one moment, ns between the taps' bases. */
export interface Bounds {
  lower: number;
  upper: number;
}

/** What is known about the two clocks. */
export interface ClockView {
  segments: readonly Segment[];
  /** The best line of each segment, null where only one direction bounds it. */
  lines: readonly (Line | null)[];
  /** Fastest way from one tap to the other and back that the packets show, ns; null where unknown. */
  roundTrip: number | null;
}

/** Which of two moments at two taps came first. */
export type Order = 'before' | 'after' | 'unknown';

/**
 * Turns the bounds into answers. Every order that it gives is certain within the drift limit; what the
 * bounds leave open is `unknown`.
 */
export class Timeline {
  readonly envelope = new Envelope();
  readonly differences = new Differences();
  private prior: Bounds | null = null;
  private view: ClockView | null = null;
  private viewVersion = -1;

  /** One tap's stamps ran backwards: its clock was set back, and a reading of it can mean two moments. */
  setBack = false;

  /** A packet left tap `sender` when it was `at` at tap 0, and its time at tap 1 is that and `difference`. */
  add(sender: 0 | 1, at: number, difference: number): void {
    if (sender === 0) this.envelope.upper(at, difference);
    else this.envelope.lower(at, difference);
    this.differences.add(sender, at, difference);
  }

  /** A bound from outside the traffic; replaces an earlier one. */
  setPrior(bounds: Bounds): void {
    this.prior = bounds;
    this.viewVersion = -1;
  }

  clock(): ClockView {
    if (this.view && this.viewVersion === this.envelope.version) return this.view;
    const segments = this.envelope.segments();
    const lines = segments.map(estimateLine);
    const corridors = lines.flatMap((line) => (line ? [line.error * 2] : []));
    this.view = { segments, lines, roundTrip: corridors.length > 0 ? Math.min(...corridors) : null };
    this.viewVersion = this.envelope.version;
    return this.view;
  }

  /** Bounds on θ at a time of tap 0; infinite on a side where nothing is known. */
  boundsAt(time: number): Bounds {
    const { segments } = this.clock();
    const open = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
    const segment = segments.find((s) => time < s.to) ?? segments.at(-1);
    const found = segment ? boundsIn(segment, time) : open;
    if (!this.prior || segments.length > 1) return found;
    const lower = Math.max(found.lower, this.prior.lower);
    const upper = Math.min(found.upper, this.prior.upper);
    // A prior that contradicts the packets was taken before a step, or by a lying clock: packets win.
    return lower <= upper ? { lower, upper } : found;
  }

  /** Best guess of θ at a time of tap 0, or null when one side is unbounded. */
  offsetAt(time: number): number | null {
    const { segments, lines } = this.clock();
    let index = segments.findIndex((s) => time < s.to);
    if (index < 0) index = segments.length - 1;
    const line = lines[index];
    if (line) return line.offset + line.slope * (time - line.at);
    const bounds = this.boundsAt(time);
    if (Number.isFinite(bounds.lower) && Number.isFinite(bounds.upper))
      return (bounds.lower + bounds.upper) / 2;
    if (Number.isFinite(bounds.lower)) return bounds.lower;
    return Number.isFinite(bounds.upper) ? bounds.upper : null;
  }

  /** Longest that a packet from tap `sender` took to the other, ns; 0 where nothing tells, as after a step of a clock. */
  longestPassage(sender: 0 | 1): number {
    const { width, bySender } = this.differences;
    const { least, greatest, count } = bySender[sender];
    if (this.clock().segments.length !== 1) return 0;
    let longest = 0;
    for (let i = 0; i < count.length; i++) {
      const offset = count[i] > 0 ? this.offsetAt((i + 0.5) * width) : null;
      if (offset !== null)
        longest = Math.max(longest, sender === 0 ? greatest[i] - offset : offset - least[i]);
    }
    return longest;
  }

  /**
   * Time of tap `tap` as the interval it can be on the clock of the other tap. Where a clock was stepped, all that
   * it can mean before and after the step.
   */
  across(tap: number, time: number): { from: number; to: number } {
    const { segments } = this.clock();
    if (segments.length > 1) {
      const bounds = segments.map((segment) =>
        boundsIn(segment, Math.max(segment.from, Math.min(time, segment.to))),
      );
      const lower = Math.min(...bounds.map((b) => b.lower));
      const upper = Math.max(...bounds.map((b) => b.upper));
      return tap === 0 ? { from: time + lower, to: time + upper } : { from: time - upper, to: time - lower };
    }
    if (tap === 0) {
      const { lower, upper } = this.boundsAt(time);
      return { from: time + lower, to: time + upper };
    }
    const guess = time - (this.offsetAt(time) ?? 0);
    const { lower, upper } = this.boundsAt(guess);
    return { from: time - upper, to: time - lower };
  }

  /** Time of either tap on tap 0's clock, best guess. */
  common(tap: number, time: number): number {
    if (tap === 0) return time;
    let guess = time - (this.offsetAt(time) ?? 0);
    // θ is a function of tap 0's time: one more step settles drift and steps.
    guess = time - (this.offsetAt(guess) ?? 0);
    return guess;
  }

  /** Whether moment a came before moment b, where each is at some tap. */
  order(tapA: number, timeA: number, tapB: number, timeB: number): Order {
    if (tapA === tapB) return timeA < timeB ? 'before' : timeA > timeB ? 'after' : 'unknown';
    // After a step one reading of a clock can mean two moments.
    if (this.setBack || this.clock().segments.length > 1) return 'unknown';
    const { from, to } = this.across(tapA, timeA);
    if (to < timeB) return 'before';
    return from > timeB ? 'after' : 'unknown';
  }
}

function boundsIn(segment: Segment, time: number): Bounds {
  const { times, lower, upper } = segment;
  let right = 0;
  while (right < times.length && times[right] < time) right++;
  const left = right - 1;
  const bounds = { lower: Number.NEGATIVE_INFINITY, upper: Number.POSITIVE_INFINITY };
  for (const i of [left, right]) {
    if (i < 0 || i >= times.length) continue;
    const slack = Math.abs(times[i] - time) * MAX_SKEW;
    bounds.lower = Math.max(bounds.lower, lower[i] - slack);
    bounds.upper = Math.min(bounds.upper, upper[i] + slack);
  }
  return bounds;
}
