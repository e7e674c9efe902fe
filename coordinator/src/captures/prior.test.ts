import { expect, test } from 'vitest';
import { priorOf, widenPrior } from './prior.js';

test("the server's clock minus the client's, with both errors", () => {
  const prior = priorOf({ offsetNs: -5n, errorNs: 2 }, { offsetNs: 10n, errorNs: 3 });
  expect(prior).toEqual({ offsetNs: 15n, errorNs: 5 });
  expect(priorOf(null, { offsetNs: 1n, errorNs: 1 })).toBeNull();
});

test('a widened bound holds all that either held', () => {
  const wide = widenPrior({ offsetNs: 100n, errorNs: 10 }, { offsetNs: 140n, errorNs: 5 });
  if (wide === null) throw new Error('two bounds give one');
  for (const truth of [90n, 110n, 120n, 145n]) {
    expect(Math.abs(Number(truth - wide.offsetNs)), String(truth)).toBeLessThanOrEqual(wide.errorNs);
  }
  expect(wide.errorNs).toBeLessThan(29);
});

test('a bound that is known at one moment only is taken as it is', () => {
  const prior = { offsetNs: 1n, errorNs: 1 };
  expect(widenPrior(null, prior)).toEqual(prior);
  expect(widenPrior(prior, null)).toEqual(prior);
  expect(widenPrior(null, null)).toBeNull();
});
