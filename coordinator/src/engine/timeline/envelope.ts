/**
 * Bounds on the difference of two clocks, from causality alone: a packet is sent before it is received.
 * With d = time at tap 1 − time at tap 0 of one packet and θ = clock 1 − clock 0:
 * sent at tap 0: θ ≤ d (an upper bound); sent at tap 1: θ ≥ d (a lower bound). No pairing of requests with
 * answers is needed, so a server's think time does not widen anything.
 */

/**
 * Fastest drift between two hosts' clocks that is believed: crystal oscillators are specified within
 * 100 ppm each. What moves faster is a step.
 */
export const MAX_SKEW = 200e-6;

/**
 * Bounds that contradict each other by no more than this are the stamps' own noise, ns: microsecond files round, and
 * taps stamp a packet some µs before or after it passes. More is a step.
 */
const STAMP_NOISE = 10_000;

/** Buckets kept; when there are more, neighbours are merged. Bounds memory whatever the capture's length. */
const MAX_BUCKETS = 2048;

/** Width of a bucket at first, ns: finer than any drift that matters (20 ns at MAX_SKEW). */
const FIRST_WIDTH = 100_000_000;

/** One stretch of time (tap 0's clock) in which the clocks kept running evenly. */
export interface Segment {
  from: number;
  to: number;
  /** Middle of each bucket, and the bounds on θ there, all in ns; infinite where nothing bounds. */
  times: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
}

/** Collects bounds as packets are matched; everything in ns, relative to the taps' bases. */
export class Envelope {
  private width = FIRST_WIDTH;
  private buckets = new Map<number, [lower: number, upper: number]>();
  private lastKey = Number.NaN;
  private lastBucket: [number, number] = [0, 0];
  /** Grows with every change, so that a reader knows when to look again. */
  version = 0;

  /** A packet sent at tap 0: θ(at) ≤ difference. */
  upper(at: number, difference: number): void {
    const bucket = this.bucketAt(at);
    if (difference < bucket[1]) {
      bucket[1] = difference;
      this.version++;
    }
  }

  /** A packet sent at tap 1: θ(at) ≥ difference. */
  lower(at: number, difference: number): void {
    const bucket = this.bucketAt(at);
    if (difference > bucket[0]) {
      bucket[0] = difference;
      this.version++;
    }
  }

  /** Whether any packet was matched between two times of tap 0, well inside. */
  hasPairBetween(from: number, to: number): boolean {
    const last = Math.floor(to / this.width);
    for (let key = Math.floor(from / this.width) + 1; key < last; key++)
      if (this.buckets.has(key)) return true;
    return false;
  }

  /** Stretches without a step, each with its bounds tightened by what the drift limit allows. */
  segments(): Segment[] {
    const keys = [...this.buckets.keys()].sort((a, b) => a - b);
    const segments: Segment[] = [];
    let start = 0;
    let low = Number.NEGATIVE_INFINITY;
    let high = Number.POSITIVE_INFINITY;
    let previous = Number.NaN;
    keys.forEach((key, i) => {
      const slack = Number.isNaN(previous)
        ? 0
        : (key - previous) * this.width * MAX_SKEW + this.width * MAX_SKEW;
      const [lower, upper] = this.buckets.get(key) as [number, number];
      low = Math.max(low - slack, lower);
      high = Math.min(high + slack, upper);
      if (low > high + STAMP_NOISE) {
        segments.push(this.segment(keys.slice(start, i)));
        start = i;
        low = lower;
        high = upper;
      }
      previous = key;
    });
    if (start < keys.length) segments.push(this.segment(keys.slice(start)));
    return segments;
  }

  private segment(keys: readonly number[]): Segment {
    const width = this.width;
    const times = Float64Array.from(keys, (key) => (key + 0.5) * width);
    const bounds = keys.map((key) => this.buckets.get(key) as [number, number]);
    const lower = Float64Array.from(bounds, (b) => b[0]);
    const upper = Float64Array.from(bounds, (b) => b[1]);
    // A bound holds somewhere in its bucket, hence half a width on either side.
    const slack = (i: number) => (times[i] - times[i - 1] + width) * MAX_SKEW;
    for (let i = 1; i < keys.length; i++) {
      lower[i] = Math.max(lower[i], lower[i - 1] - slack(i));
      upper[i] = Math.min(upper[i], upper[i - 1] + slack(i));
    }
    for (let i = keys.length - 1; i > 0; i--) {
      lower[i - 1] = Math.max(lower[i - 1], lower[i] - slack(i));
      upper[i - 1] = Math.min(upper[i - 1], upper[i] + slack(i));
    }
    for (let i = 0; i < keys.length; i++) {
      if (lower[i] <= upper[i]) continue;
      const middle = (lower[i] + upper[i]) / 2;
      lower[i] = middle;
      upper[i] = middle;
    }
    return { from: (keys[0] ?? 0) * width, to: ((keys.at(-1) ?? 0) + 1) * width, times, lower, upper };
  }

  private bucketAt(at: number): [number, number] {
    const key = Math.floor(at / this.width);
    if (key === this.lastKey) return this.lastBucket;
    let bucket = this.buckets.get(key);
    if (!bucket) {
      bucket = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      this.buckets.set(key, bucket);
      if (this.buckets.size > MAX_BUCKETS) return this.coarsen(at);
    }
    this.lastKey = key;
    this.lastBucket = bucket;
    return bucket;
  }

  private coarsen(at: number): [number, number] {
    const merged = new Map<number, [number, number]>();
    for (const [key, [lower, upper]] of this.buckets) {
      const half = Math.floor(key / 2);
      const there = merged.get(half);
      if (!there) merged.set(half, [lower, upper]);
      else merged.set(half, [Math.max(there[0], lower), Math.min(there[1], upper)]);
    }
    this.buckets = merged;
    this.width *= 2;
    this.lastKey = Number.NaN;
    return this.bucketAt(at);
  }
}
