import { PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { timeOrder } from './time-order.js';

const SECOND = 1_000_000_000;

function order(times: readonly number[]): number[] | null | 'set back' {
  const table = new PacketTable();
  table.time.set(times);
  table.length = times.length;
  const { rows, setBack } = timeOrder(table);
  return setBack ? 'set back' : rows && [...rows];
}

test('rows in order stay as they are, equal times too', () => {
  expect(order([])).toBeNull();
  expect(order([5, 5, 6])).toBeNull();
});

test('rows of several queues, and shuffled ones, come in the order of their times', () => {
  expect(order([10, 30, 20, 40])).toEqual([0, 2, 1, 3]);
  expect(order([3, 2, 4, 1, 0].map((s) => s * SECOND))).toEqual([4, 3, 1, 0, 2]);
  expect(order([2, 2, 1])).toEqual([2, 0, 1]);
});

test('a clock that was set back orders nothing', () => {
  expect(order([1, 2, 3, 1.5, 2.5, 3.5].map((s) => s * SECOND))).toBe('set back');
  // By 40 ms, in traffic of a packet every 10 ms.
  expect(order([0, 10, 20, 30, 40, 10, 20, 30, 40, 50].map((ms) => ms * 1e6))).toBe('set back');
});

test('one packet out of place is no clock that was set back', () => {
  expect(order([0, 10, 20, 5, 30, 40].map((ms) => ms * 1e6))).toEqual([0, 3, 1, 2, 4, 5]);
  expect(order([0, 10, 40, 20, 30, 50].map((ms) => ms * 1e6))).toEqual([0, 1, 3, 4, 2, 5]);
});
