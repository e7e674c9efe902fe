import { describe, expect, it } from 'vitest';
import { backoffMs } from './backoff.js';

describe('backoffMs', () => {
  it('doubles up to a limit, however long it goes on', () => {
    expect([0, 1, 2, 3].map((attempt) => backoffMs(attempt, 0))).toEqual([125, 250, 500, 1000]);
    expect(backoffMs(50, 0.999)).toBeLessThanOrEqual(15_000);
    expect(backoffMs(5000, 0)).toBe(7500);
  });

  it('leaves half of the wait to chance', () => {
    expect(backoffMs(2, 0)).toBe(500);
    expect(backoffMs(2, 0.5)).toBe(750);
  });
});
