import { MAX_SKEW, type Segment } from './envelope.js';

/** The line through a segment's bounds that keeps the greatest distance from both. */
export interface Line {
  /** θ at `at`, ns, and its change per ns; 0 and not known where the stretch is too short to tell a drift. */
  offset: number;
  slope: number;
  slopeKnown: boolean;
  at: number;
  /** Half the gap between the bounds along the line, ns: the offset is within this of the truth. */
  error: number;
}

/** Steps of the searches: 3/2 to the power of 60 exceeds any resolution that float64 has here. */
const SEARCH_STEPS = 60;

/**
 * Where slopes that differ by more than this all fit, the estimate is not told. The middle of what fits is far better
 * than the hard limits, so this is generous: half of what MAX_SKEW allows either way.
 */
const DRIFT_RESOLUTION = MAX_SKEW / 2;

/**
 * The middle line between upper and lower bounds (the widest corridor, as a support vector machine or the
 * hulls of both point sets would find it); null when one side has no bound at all.
 * The gap as a function of the slope is concave, so a ternary search finds its maximum.
 */
export function estimateLine(segment: Segment): Line | null {
  const { times, lower, upper } = segment;
  const at = times[Math.floor(times.length / 2)] ?? 0;
  const corridor = (slope: number): [number, number] => {
    let low = Number.NEGATIVE_INFINITY;
    let high = Number.POSITIVE_INFINITY;
    for (let i = 0; i < times.length; i++) {
      const shift = slope * (times[i] - at);
      low = Math.max(low, lower[i] - shift);
      high = Math.min(high, upper[i] - shift);
    }
    return [low, high];
  };
  const gap = (slope: number) => {
    const [low, high] = corridor(slope);
    return high - low;
  };
  if (!Number.isFinite(gap(0))) return null;
  const best = maximum(gap);
  // Other slopes fit as long as their corridor is open; where many do, the drift is anybody's guess.
  const fits = (slope: number) => gap(slope) > 0;
  const spread = border(best, MAX_SKEW, fits) - border(best, -MAX_SKEW, fits);
  const slopeKnown = spread < DRIFT_RESOLUTION;
  const slope = slopeKnown || !fits(0) ? best : 0;
  const [low, high] = corridor(slope);
  return { offset: (low + high) / 2, slope, slopeKnown, at, error: Math.abs(high - low) / 2 };
}

/** Where a concave function of the slope is greatest. */
function maximum(gap: (slope: number) => number): number {
  let left = -MAX_SKEW;
  let right = MAX_SKEW;
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const a = left + (right - left) / 3;
    const b = right - (right - left) / 3;
    if (gap(a) < gap(b)) left = a;
    else right = b;
  }
  return (left + right) / 2;
}

/** The last slope between `inside` and `outside` that fits. */
function border(inside: number, outside: number, fits: (slope: number) => boolean): number {
  if (fits(outside)) return outside;
  let near = inside;
  let far = outside;
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const middle = (near + far) / 2;
    if (fits(middle)) near = middle;
    else far = middle;
  }
  return near;
}
