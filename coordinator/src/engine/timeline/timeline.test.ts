import { describe, expect, test } from 'vitest';
import { estimateLine } from './estimate.js';
import { Timeline } from './timeline.js';

const MS = 1_000_000;
const S = 1_000_000_000;

/** Feeds both directions with packets every 10 ms whose delays never fall below `forth` and `back`. */
function feed(
  timeline: Timeline,
  clock: (at: number) => number,
  { from = 0, to = 10 * S, forth = 10 * MS, back = 10 * MS } = {},
): void {
  let noise = 12345;
  const queue = () => {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    return (noise % 1000) * 4000;
  };
  for (let at = from; at < to; at += 10 * MS) {
    timeline.envelope.upper(at, clock(at) + forth + queue());
    timeline.envelope.lower(at, clock(at) - back - queue());
  }
}

describe('clock bounds', () => {
  test('the true difference is always within them, and they are no wider than both delays', () => {
    const timeline = new Timeline();
    const truth = (at: number) => 3600 * S + at * 20e-6;
    feed(timeline, truth);
    for (const at of [0, 3 * S, 9.9 * S]) {
      const { lower, upper } = timeline.boundsAt(at);
      expect(lower).toBeLessThanOrEqual(truth(at));
      expect(upper).toBeGreaterThanOrEqual(truth(at));
      expect(upper - lower).toBeLessThan(21 * MS);
    }
  });

  test('drift is told from the traffic; unequal delays shift the estimate by half their difference, within the bounds', () => {
    const timeline = new Timeline();
    feed(timeline, (at) => at * 50e-6, { to: 600 * S, forth: 5 * MS, back: 15 * MS });
    const [segment] = timeline.clock().segments;
    const line = segment && estimateLine(segment);
    expect(line?.slopeKnown).toBe(true);
    expect(line?.slope).toBeCloseTo(50e-6, 6);
    expect(Math.abs((line?.offset ?? 0) - (line?.at ?? 0) * 50e-6)).toBeLessThanOrEqual(line?.error ?? 0);
  });

  test('a short capture does not claim to know the drift', () => {
    const timeline = new Timeline();
    feed(timeline, () => 0, { to: S });
    expect(timeline.clock().lines[0]?.slopeKnown).toBe(false);
  });

  test('a step larger than the round trip is found, and no order across taps is given any more', () => {
    const timeline = new Timeline();
    feed(timeline, (at) => (at < 5 * S ? 0 : 25 * MS));
    const { segments, lines } = timeline.clock();
    expect(segments).toHaveLength(2);
    expect(((lines[1]?.offset ?? 0) - (lines[0]?.offset ?? 0)) / MS).toBeCloseTo(25, 0);
    expect(timeline.order(0, 1 * S, 1, 9 * S)).toBe('unknown');
  });

  test('100 ppm of drift is no step, and neither is the rounding of microsecond files', () => {
    const timeline = new Timeline();
    feed(timeline, (at) => Math.floor((at * 100e-6) / 1000) * 1000, { to: 100 * S, forth: 500, back: 500 });
    expect(timeline.clock().segments).toHaveLength(1);
  });

  test('with one direction only, one side stays open', () => {
    const timeline = new Timeline();
    timeline.envelope.upper(0, 5 * MS);
    const { lower, upper } = timeline.boundsAt(0);
    expect(lower).toBe(Number.NEGATIVE_INFINITY);
    expect(upper / MS).toBeCloseTo(5, 1);
    expect(timeline.clock().lines).toEqual([null]);
  });
});

describe('order of two moments', () => {
  test('is given when the bounds decide it, else unknown', () => {
    const timeline = new Timeline();
    feed(timeline, () => 0);
    expect(timeline.order(0, 5 * S, 1, 5 * S + 30 * MS)).toBe('before');
    expect(timeline.order(0, 5 * S + 30 * MS, 1, 5 * S)).toBe('after');
    expect(timeline.order(0, 5 * S, 1, 5 * S + 1 * MS)).toBe('unknown');
  });

  test('a bound from an exchange closes what the traffic leaves open, and yields to packets that contradict it', () => {
    const timeline = new Timeline();
    timeline.envelope.upper(0, 5 * MS);
    timeline.setPrior({ lower: -2 * MS, upper: 8 * MS });
    expect(timeline.boundsAt(0).lower).toBe(-2 * MS);
    expect(timeline.boundsAt(0).upper / MS).toBeCloseTo(5, 1);
    timeline.setPrior({ lower: 50 * MS, upper: 60 * MS });
    expect(timeline.boundsAt(0).upper / MS).toBeCloseTo(5, 1);
  });
});

describe('the longest passage', () => {
  const filled = (clock: (at: number) => number) => {
    const timeline = new Timeline();
    for (let at = 0; at < 5 * S; at += 10 * MS) {
      const queue = at >= 4 * S ? 400 * MS : 0;
      timeline.add(0, at, clock(at) + 10 * MS + queue);
      timeline.add(1, at, clock(at) - 10 * MS);
    }
    return timeline;
  };

  test('is that of its own direction, whatever the clocks say', () => {
    const timeline = filled((at) => 3600 * S + at * 20e-6);
    expect(timeline.longestPassage(0) / MS).toBeCloseTo(410, 0);
    expect(timeline.longestPassage(1) / MS).toBeCloseTo(10, 0);
  });

  test('is unknown where a clock was set', () => {
    expect(filled((at) => (at < 2 * S ? 0 : 100 * S)).longestPassage(0)).toBe(0);
  });
});
