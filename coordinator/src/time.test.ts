import { expect, test } from 'vitest';
import { systemClock } from './time.js';

test('the wall clock is that of the machine, and does not go back', () => {
  const clock = systemClock();
  const before = Date.now();
  const readings = Array.from({ length: 1000 }, () => clock.nowNs());
  const after = Date.now();
  // Two clocks that are read one after the other, of which one counts whole milliseconds.
  expect(Number(readings[0] / 1_000_000n)).toBeGreaterThanOrEqual(before - 3);
  expect(Number(readings[999] / 1_000_000n)).toBeLessThanOrEqual(after + 3);
  for (let i = 1; i < readings.length; i++) expect(readings[i]).toBeGreaterThanOrEqual(readings[i - 1]);
});

test('it has a finer grain than a millisecond', () => {
  const clock = systemClock();
  const fractions = Array.from({ length: 1000 }, () => clock.nowNs() % 1_000_000n);
  expect(fractions.some((fraction) => fraction !== 0n)).toBe(true);
});

test('a cancelled action does not run', async () => {
  const clock = systemClock();
  const ran: string[] = [];
  const cancel = clock.after(0, () => ran.push('cancelled'));
  cancel();
  await new Promise<void>((resolve) => clock.after(1, resolve));
  expect(ran).toEqual([]);
});
