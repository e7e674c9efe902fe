import { expect, test } from 'vitest';
import { FlowCode, type Made } from './flow-code.js';
import { FlowRows } from './flow-rows.js';
import { State } from './records.js';
import { RowReader, RowWriter } from './row-code.js';
import * as Row from './rows.js';

const FLOW = 7;

/** Records of a flow with these states, the n-th at tap n % 2 with number n. */
function recordsOf({ records }: FlowRows, states: readonly number[]): number[] {
  return states.map((state, n) => {
    const r = records.take();
    records.place(r, FLOW, 0, n % 2, n, 1000 * n);
    records.state[r] = state;
    return r;
  });
}

/** Writes the records, lets go of them, and makes them again. */
function again(rows: FlowRows, held: { kept: number[]; recent: number[][]; waiting: number[][] }): Made {
  const code = new FlowCode(rows);
  const [writer, reader] = [new RowWriter(), new RowReader()];
  writer.restart();
  code.gather(FLOW, held);
  const cursors = held.waiting.map((side) => side[0] ?? -1);
  code.write(writer, held, cursors);
  code.letGo((r) => rows.records.release(r));
  const made: Made = { kept: [], recent: [[], []], all: [] };
  reader.open(writer.written);
  code.read(reader, 0, FLOW, made);
  return made;
}

test('records come back in their lists, and what waits at its side', () => {
  const rows = new FlowRows();
  rows.makePlaces(1);
  const [a, b, c] = recordsOf(rows, [State.notable, State.matched, 0]) as [number, number, number];
  const made = again(rows, { kept: [a], recent: [[a, b], [b]], waiting: [[c], [], [], []] });
  const numbers = (list: readonly number[]) => list.map((r) => rows.records.number[r]);
  expect(numbers(made.kept)).toEqual([0]);
  expect(made.recent.map(numbers)).toEqual([[0, 1], [1]]);
  expect(numbers(rows.waiting(rows.sideAt(0, 0, 0)))).toEqual([2]);
  expect(rows.sides.data[rows.sideAt(0, 0, 0) + Row.CURSOR]).toBe(rows.waiting(rows.sideAt(0, 0, 0))[0]);
});

test('only what ties a record to others is gone from its state, whatever stood in the one before', () => {
  const rows = new FlowRows();
  rows.makePlaces(1);
  const states = [State.matched | State.retired, State.matched, State.copy | State.indexed, State.repeat];
  const made = again(rows, { kept: recordsOf(rows, states), recent: [[], []], waiting: [[], [], [], []] });
  expect(made.kept.map((r) => rows.records.state[r])).toEqual([
    State.matched,
    State.matched,
    State.copy,
    State.repeat,
  ]);
});
