import { expect, test } from 'vitest';
import { ClockEstimator } from './clock-estimate.js';

const S = 1_000_000_000n;
const MS = 1_000_000n;
const START = 1_767_225_600n * S;

/** One exchange at `at` (our clock) with an agent that is `offset` ahead; the ways there and back take as said. */
function exchange(at: bigint, offset: bigint, there: bigint, back: bigint) {
  return { t1Ns: at - there + offset, t2Ns: at, t3Ns: at + 10_000n, t4Ns: at + 10_000n + back + offset };
}

function holds(estimator: ClockEstimator, nowNs: bigint, offset: bigint): boolean {
  const estimate = estimator.estimate(nowNs);
  return estimate !== null && Math.abs(Number(offset - estimate.offsetNs)) <= estimate.errorNs + 1;
}

test('nothing is known before the first exchange', () => {
  expect(new ClockEstimator().estimate(START)).toBeNull();
});

test('the truth is within the error however lopsided the path is, and the error is no more than half the round trip', () => {
  for (const [there, back] of [
    [5n, 5n],
    [1n, 9n],
    [0n, 10n],
  ]) {
    const estimator = new ClockEstimator();
    estimator.add(exchange(START, -3600n * S, there * MS, back * MS));
    expect(holds(estimator, START, -3600n * S)).toBe(true);
    expect(estimator.estimate(START)?.errorNs).toBeLessThan(5.1e6);
  }
});

test('one exchange that waited in no queue outweighs many that did', () => {
  const estimator = new ClockEstimator();
  for (let i = 0n; i < 60n; i++)
    estimator.add(exchange(START + i * S, 7n * MS, i === 30n ? MS / 10n : 40n * MS, MS / 10n));
  const now = START + 60n * S;
  expect(holds(estimator, now, 7n * MS)).toBe(true);
  // 0.1 ms of the good round trip, and 30 s at 100 ppm since.
  expect(estimator.estimate(now)?.errorNs).toBeLessThan(3.2e6);
});

test('a clock that drifts by 50 ppm stays within the error', () => {
  const estimator = new ClockEstimator();
  for (let i = 0n; i < 200n; i++) {
    const offset = (i * S * 50n) / 1_000_000n;
    estimator.add(exchange(START + i * S, offset, MS, MS));
    expect(holds(estimator, START + i * S, offset)).toBe(true);
  }
});

test('after a step of the clock only what was measured since counts', () => {
  const estimator = new ClockEstimator();
  for (let i = 0n; i < 20n; i++) estimator.add(exchange(START + i * S, 0n, MS, MS));
  estimator.add(exchange(START + 20n * S, 5n * S, MS, MS));
  expect(holds(estimator, START + 20n * S, 5n * S)).toBe(true);
  estimator.add(exchange(START + 21n * S, 5n * S, MS, MS));
  expect(holds(estimator, START + 21n * S, 5n * S)).toBe(true);
});

test('an exchange that cannot be is left out', () => {
  const estimator = new ClockEstimator();
  estimator.add({ t1Ns: 0n, t2Ns: 0n, t3Ns: 0n, t4Ns: 0n });
  estimator.add({ t1Ns: START + S, t2Ns: START, t3Ns: START, t4Ns: START });
  expect(estimator.estimate(START)).toBeNull();
});
