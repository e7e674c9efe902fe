import type { LadderRow } from '@bothends/proto';
import { expect, test } from 'vitest';
import { seriesOf } from './series.js';

/** A packet on the client's clock, ms; `arrivesMs` null: lost. */
function packet(leavesMs: number, arrivesMs: number | null, toward: 'server' | 'client'): LadderRow {
  const [sent, received] = [leavesMs * 1e6, arrivesMs === null ? null : arrivesMs * 1e6];
  const [clientNs, serverNs] = toward === 'server' ? [sent, received] : [received, sent];
  return {
    timeNs: sent,
    direction: `toward-${toward}`,
    clientNs,
    serverNs,
    clientNumber: null,
    serverNumber: null,
    fate: arrivesMs === null ? 'lost' : 'delivered',
    flags: '.',
    sequence: null,
    sequenceEnd: null,
    acknowledgment: null,
    window: null,
    length: 1,
    retransmissionOf: null,
    note: '',
  };
}

test('each direction has its own latency and loss, in the column of its time', () => {
  const { columns, range, lost, spanNs } = seriesOf(
    [
      packet(0, 5, 'server'),
      packet(1, 8, 'server'),
      packet(2, 11, 'server'),
      packet(40, null, 'server'),
      packet(60, 63, 'client'),
      packet(100, null, 'client'),
    ],
    4,
  );
  expect(spanNs).toBe(100e6);
  expect(columns['toward-server']).toEqual([
    { lowest: 5e6, typical: 7e6, highest: 9e6, lost: 0 },
    { lowest: null, typical: null, highest: null, lost: 1 },
    { lowest: null, typical: null, highest: null, lost: 0 },
    { lowest: null, typical: null, highest: null, lost: 0 },
  ]);
  expect(columns['toward-client'][2]).toEqual({ lowest: 3e6, typical: 3e6, highest: 3e6, lost: 0 });
  expect(columns['toward-client'][3]?.lost).toBe(1);
  expect(range).toEqual({ lowest: 3e6, highest: 9e6 });
  expect(lost).toEqual({ 'toward-server': 1, 'toward-client': 1 });
});

test('no packets, or none seen at both ends, have no latency', () => {
  expect(seriesOf([], 10)).toMatchObject({ range: null, spanNs: 1 });
  expect(seriesOf([packet(0, null, 'server')], 10).range).toBeNull();
});
