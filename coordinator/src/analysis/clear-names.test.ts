import { expect, it } from 'vitest';
import { ClearNames } from './clear-names.js';

const named = (text: string, digest = 1) => ({ digestHigh: digest, digestLow: 0, text });

it('knows a name by both halves of its digest', () => {
  const names = new ClearNames();
  names.learn([named('db.example')]);
  expect([names.of(1, 0), names.of(0, 1), names.of(1, 1)]).toEqual(['db.example', undefined, undefined]);
});

it('leaves out what a hostile agent sends in the place of names', () => {
  const names = new ClearNames();
  names.learn([named('\u001b[2J', 1), named('', 2), named('x'.repeat(1021), 3), named('two words', 4)]);
  expect([1, 2, 3, 4].map((digest) => names.of(digest, 0))).toEqual(Array(4).fill(undefined));
  names.learn(Array.from({ length: 20_000 }, (_, i) => named(`n${i}`, i)));
  expect(names.of(9_999, 0)).toBe('n9999');
  expect(names.of(10_000, 0)).toBeUndefined();
});
