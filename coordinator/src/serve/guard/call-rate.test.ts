import { expect, test } from 'vitest';
import { CallRate } from './call-rate.js';

function rateAt(): { rate: CallRate; pass: (ms: number) => void } {
  let nowNs = 1_000_000_000n;
  const rate = new CallRate({ nowNs: () => nowNs, after: () => () => {} });
  return {
    rate,
    pass: (ms) => {
      nowNs += BigInt(ms) * 1_000_000n;
    },
  };
}

/** Calls that were let through of so many at once. */
function letThrough(rate: CallRate, caller: string, calls: number): number {
  let passed = 0;
  for (let i = 0; i < calls; i++) {
    try {
      rate.spend(caller);
      passed++;
    } catch {
      // Refused, which is what is counted.
    }
  }
  return passed;
}

test('who floods is refused after a burst, and the others are not', () => {
  const { rate } = rateAt();
  expect(letThrough(rate, 'flood', 5000)).toBe(2000);
  expect(() => rate.spend('flood')).toThrow('flood makes more than 500 calls a second');
  expect(letThrough(rate, 'other', 100)).toBe(100);
});

test('who has been refused may call again after a moment', () => {
  const { rate, pass } = rateAt();
  letThrough(rate, 'flood', 5000);
  pass(100);
  expect(letThrough(rate, 'flood', 5000)).toBe(49);
  pass(3_600_000);
  expect(letThrough(rate, 'flood', 5000)).toBe(2000);
});

test('a flood of names takes no memory without end', () => {
  const { rate } = rateAt();
  letThrough(rate, 'first', 2000);
  for (let i = 0; i < 20_000; i++) rate.spend(`peer ${i}`);
  // Forgotten meanwhile, so it begins anew.
  expect(letThrough(rate, 'first', 1)).toBe(1);
});
