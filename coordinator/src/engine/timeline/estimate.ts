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

/** Steps of the ternary search: 3/2 to the power of 60 exceeds any resolution that float64 has here. */
const SEARCH_STEPS = 60;

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
  let left = -MAX_SKEW;
  let right = MAX_SKEW;
  if (!Number.isFinite(gap(0))) return null;
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
  // Bounds closer together in time than this allow any drift there is.
  const slopeKnown = span * MAX_SKEW > gap(0);
  for (let step = 0; step < SEARCH_STEPS; step++) {
    const a = left + (right - left) / 3;
    const b = right - (right - left) / 3;
    if (gap(a) < gap(b)) left = a;
    else right = b;
  }
  const slope = slopeKnown ? (left + right) / 2 : 0;
  const [low, high] = corridor(slope);
  return { offset: (low + high) / 2, slope, slopeKnown, at, error: Math.abs(high - low) / 2 };
}
