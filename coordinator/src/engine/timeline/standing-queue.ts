import type { Timeline } from './timeline.js';

/** A time in which even the fastest packets were late, by way of the tap that they left. */
export interface StandingQueue {
  /** Tap that the late packets left; null where the clocks do not tell which way they went. */
  sender: 0 | 1 | null;
  /** How late the fastest packets were at worst, both ways together, ns. */
  excess: number;
  /** How long it lasted in all, ns. */
  lasted: number;
  /** When it was worst, on tap 0's clock. */
  at: number;
}

/** Packets each way in a column whose least delay says something: one alone may have been held up by itself. */
const LEAST_PACKETS = 2;

/**
 * Finds when even the fastest packets took `threshold` ns longer than the fastest of all: a queue that does not drain. The
 * differences of both directions are added up, so that the clocks cancel; where they tell, they say which way was slow.
 */
export function standingQueue(timeline: Timeline, threshold: number): StandingQueue | null {
  // A column that a clock was set in mixes differences of before and after.
  if (timeline.setBack || timeline.clock().segments.length !== 1) return null;
  const { width, bySender } = timeline.differences;
  const [there, back] = bySender;
  const both = (i: number) => there.least[i] - back.greatest[i];
  const columns = Array.from(there.count, (_, i) => i).filter(
    (i) => there.count[i] >= LEAST_PACKETS && back.count[i] >= LEAST_PACKETS,
  );
  const least = Math.min(...columns.map(both));
  const slow = columns.filter((i) => both(i) - least >= threshold);
  const [first] = slow;
  if (first === undefined) return null;
  const worst = slow.reduce((a, b) => (both(b) > both(a) ? b : a), first);
  return {
    sender: slowSide(timeline, columns, slow),
    excess: both(worst) - least,
    lasted: slow.length * width,
    at: (worst + 0.5) * width,
  };
}

/** The tap whose packets came later than they could, in these columns taken together. */
function slowSide(timeline: Timeline, columns: readonly number[], slow: readonly number[]): 0 | 1 | null {
  const { width, bySender } = timeline.differences;
  const delays = ([0, 1] as const).map((sender) => {
    const delay = (i: number) => {
      const offset = timeline.offsetAt((i + 0.5) * width) ?? Number.NaN;
      return sender === 0 ? bySender[0].least[i] - offset : offset - bySender[1].greatest[i];
    };
    const fastest = Math.min(...columns.map(delay));
    return slow.reduce((sum, i) => sum + delay(i) - fastest, 0);
  });
  const [there = 0, back = 0] = delays;
  if (!(Math.max(there, back) > 2 * Math.min(there, back))) return null;
  return there > back ? 0 : 1;
}
