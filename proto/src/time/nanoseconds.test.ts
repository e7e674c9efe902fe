import { expect, test } from 'vitest';
import { earlierOf, laterOf, msOf, nsOf } from './nanoseconds.js';

test('the later and the earlier of two times', () => {
  expect([laterOf(1n, 2n), laterOf(2n, 1n), earlierOf(1n, 2n), earlierOf(2n, 1n)]).toEqual([2n, 2n, 1n, 1n]);
});

test('milliseconds of nanoseconds are whole, and the way back is exact', () => {
  expect(msOf(1_700_000_000_123_999_999n)).toBe(1_700_000_000_123);
  expect(nsOf(1_700_000_000_123)).toBe(1_700_000_000_123_000_000n);
});
