import { PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { timeOrder } from './time-order.js';

const SECOND = 1_000_000_000;

function order(times: readonly number[]): number[] | null {
  const table = new PacketTable();
  table.time.set(times);
  table.length = times.length;
  const rows = timeOrder(table);
  return rows && [...rows];
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
  expect(order([1, 2, 3, 1.5, 2.5, 3.5].map((s) => s * SECOND))).toBeNull();
});
