import type { PathHistory } from '@bothends/proto';
import { expect, test } from 'vitest';
import type { Axis } from './coverage.js';
import { historySeries } from './history-series.js';

const START_NS = 1_767_348_000_000_000_000n;
/** The history covers seconds 2 to 6 of an axis of ten seconds. */
const AXIS: Axis = { startNs: START_NS, endNs: START_NS + 10_000_000_000n };
const NONE = [null, null, null, null];
const HISTORY: PathHistory = {
  startedAt: '2026-01-02T10:00:02.000000000Z',
  columnNs: 1e9,
  toServer: {
    lowestNs: [10, null, 5, 7],
    meanNs: [20, null, 6, 8],
    highestNs: [30, null, 9, 9],
    lost: [0, 3, 0, 1],
  },
  toClient: { lowestNs: NONE, meanNs: NONE, highestNs: NONE, lost: [0, 0, 0, 0] },
  clockErrorNs: [1, 1, 1, 1],
};

test('columns stand at their time on the axis, with room before and after', () => {
  const { columns, spanNs, range, lost } = historySeries(HISTORY, AXIS, 10);
  expect(spanNs).toBe(10e9);
  expect(columns['toward-server'].map(({ typical }) => typical)).toEqual([
    ...[null, null, 20, null, 6, 8],
    ...[null, null, null, null],
  ]);
  expect(columns['toward-server'].map((each) => each.lost)).toEqual([0, 0, 0, 3, 0, 1, 0, 0, 0, 0]);
  expect({ range, lost }).toEqual({
    range: { lowest: 5, highest: 30 },
    lost: { 'toward-server': 4, 'toward-client': 0 },
  });
});

test('where columns are joined, no loss and no slow moment is hidden', () => {
  const [, before] = historySeries(HISTORY, AXIS, 5).columns['toward-server'];
  expect(before).toEqual({ lowest: 10, typical: 20, highest: 30, lost: 3 });
});

test('a history without a delay has no range', () => {
  expect(historySeries({ ...HISTORY, toServer: HISTORY.toClient }, AXIS, 10).range).toBeNull();
});
