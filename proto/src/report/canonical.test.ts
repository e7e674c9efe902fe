import { expect, it } from 'vitest';
import { canonicalJson, canonicalJsonPieces } from './canonical.js';

const list = (length: number) =>
  Array.from({ length }, (_, i) => ({
    id: `f-${i}`,
    text: 'two\nlines',
    packets: { seen: i },
    findings: [],
  }));

it.each([0, 1, 63, 64, 65, 128, 1000])(
  'pieces of a report with %i flows are the bytes of the whole',
  (length) => {
    const report = { schema: 's/1', flows: list(length), none: undefined, more: { a: [1, [2]] }, end: null };
    expect([...canonicalJsonPieces(report)].join('')).toBe(canonicalJson(report));
  },
);

it('an object without anything is written as one', () => {
  expect([...canonicalJsonPieces({})].join('')).toBe(canonicalJson({}));
});

it('no piece grows with the list', () => {
  const longest = (length: number) =>
    Math.max(...[...canonicalJsonPieces({ flows: list(length) })].map((piece) => piece.length));
  expect(longest(10_000)).toBeLessThan(longest(1000) * 1.5);
});
