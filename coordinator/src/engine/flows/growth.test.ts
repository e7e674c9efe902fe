import { expect, test } from 'vitest';
import { grown } from './growth.js';

const MIB = 1024 * 1024;

test('room grows in few steps, and never far beyond what is there', () => {
  for (const bytes of [200, 2112]) {
    const steps = [4096];
    while ((steps.at(-1) as number) < 1_000_000) steps.push(grown(steps.at(-1) as number, bytes));
    expect(steps.length).toBeLessThan(10);
    steps.slice(1).forEach((capacity, i) => {
      const before = steps[i] as number;
      expect(capacity).toBeGreaterThanOrEqual(2 * before);
      expect(capacity * bytes).toBeLessThanOrEqual(Math.max(512 * MIB, 2 * before * bytes));
    });
  }
});
