import { expect, test } from 'vitest';
import { standingQueue } from './standing-queue.js';
import { Timeline } from './timeline.js';

const MS = 1_000_000;
const S = 1_000_000_000;
const DELAY = 10 * MS;
const THRESHOLD = 300 * MS;

/** Ten seconds of packets each way every 5 ms; `queue`: by how much those of a tap are late. */
function feed(queue: (sender: 0 | 1, at: number) => number, clock = (_at: number) => 3 * S): Timeline {
  const timeline = new Timeline();
  for (let at = 0; at < 10 * S; at += 5 * MS) {
    timeline.add(0, at, clock(at) + DELAY + queue(0, at));
    timeline.add(1, at, clock(at) - DELAY - queue(1, at));
  }
  return timeline;
}

const during = (at: number) => at >= 4 * S && at < 6 * S;

test('a queue that stands for two seconds is found, with its side and depth', () => {
  const timeline = feed((sender, at) => (sender === 1 && during(at) ? 800 * MS : 0));
  const found = standingQueue(timeline, THRESHOLD);
  expect(found?.sender).toBe(1);
  expect((found?.excess ?? 0) / MS).toBeCloseTo(800, 0);
  expect((found?.lasted ?? 0) / S).toBeGreaterThan(1.8);
  expect((found?.lasted ?? 0) / S).toBeLessThan(2.2);
});

test('packets that are late among quick ones are no standing queue', () => {
  const isLate = (at: number) => (at / (5 * MS)) % 4 === 0;
  const timeline = feed((_, at) => (during(at) && isLate(at) ? 800 * MS : 0));
  expect(standingQueue(timeline, THRESHOLD)).toBeNull();
});

test('clocks that drift or are set are no queue', () => {
  const still = () => 0;
  const drifts = feed(still, (at) => at * 100e-6);
  const isSet = feed(still, (at) => (at < 5 * S ? 0 : -2 * S));
  expect(standingQueue(drifts, THRESHOLD)).toBeNull();
  expect(standingQueue(isSet, THRESHOLD)).toBeNull();
});
