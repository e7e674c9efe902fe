import { expect, test } from 'vitest';
import { Pace } from './pace.js';

const MS = 1_000_000n;

test('one capture looks for a fifth of the time', () => {
  const pace = new Pace();
  pace.join();
  expect(pace.restNs(40n * MS)).toBe(160n * MS);
});

test('many captures together take no more, as long as each still tells within a second', () => {
  const pace = new Pace();
  const leave = Array.from({ length: 25 }, () => pace.join());
  expect(pace.restNs(2n * MS)).toBe(200n * MS);
  expect(pace.restNs(40n * MS)).toBe(400n * MS);
  expect(pace.restNs(500n * MS)).toBe(2_000n * MS);
  for (const each of leave.slice(1)) {
    each();
    each();
  }
  expect(pace.restNs(2n * MS)).toBe(8n * MS);
});
