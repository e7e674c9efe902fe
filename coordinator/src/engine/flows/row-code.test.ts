import { expect, test } from 'vitest';
import { RowReader, RowWriter } from './row-code.js';

const ODD = [
  0,
  1,
  -1,
  127,
  128,
  2 ** 31,
  2 ** 32 + 5,
  -(2 ** 40),
  2 ** 51,
  2 ** 53,
  -(2 ** 60),
  0.1,
  1 / 3,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1_767_348_000_123_456,
];

function afterwards(row: Float64Array, like: Float64Array): { bytes: number; row: Float64Array } {
  const writer = new RowWriter();
  writer.restart();
  writer.row(row, 0, row.length, like, 0);
  const reader = new RowReader();
  reader.open(writer.written);
  const read = new Float64Array(row.length).fill(7);
  reader.row(read, 0, row.length, like, 0);
  return { bytes: writer.written.length, row: read };
}

test('every number comes back as it was, whatever the row that it resembles', () => {
  for (const like of ODD) {
    const row = Float64Array.from(ODD);
    expect(afterwards(row, new Float64Array(ODD.length).fill(like)).row).toEqual(row);
  }
});

test('words that are the same cost nothing, words that are near cost little', () => {
  const like = Float64Array.from({ length: 43 }, (_, word) => 1e12 + word);
  expect(afterwards(like, like).bytes).toBe(1);
  const near = like.map((x, word) => (word % 10 === 0 ? x + 3 : x));
  expect(afterwards(near, like).bytes).toBeLessThanOrEqual(1 + 5 * 2);
});
