import type { LadderRow } from '@bothends/proto';
import { expect, test } from 'vitest';
import { layOut, rowNear, rowOfPacket, troubles, visibleLines } from './layout.js';

function row(timeMs: number, change: Partial<LadderRow> = {}): LadderRow {
  return {
    timeNs: timeMs * 1e6,
    direction: 'toward-server',
    clientNs: null,
    serverNs: null,
    clientNumber: null,
    serverNumber: null,
    fate: 'delivered',
    flags: '.',
    sequence: 0,
    sequenceEnd: 0,
    acknowledgment: null,
    window: 100,
    length: 0,
    retransmissionOf: null,
    note: '',
    ...change,
  };
}

test('a silence of a second gets a line of its own, and rows know their lines', () => {
  const { lines, lineOf } = layOut([row(0), row(999), row(1999), row(2000)]);
  expect(lines).toEqual([
    { kind: 'packet', row: 0 },
    { kind: 'packet', row: 1 },
    { kind: 'idle', ns: 1e9 },
    { kind: 'packet', row: 2 },
    { kind: 'packet', row: 3 },
  ]);
  expect(lineOf).toEqual([0, 1, 3, 4]);
});

test('of ten thousand lines those in sight are drawn, wherever the window stands', () => {
  for (const scrollTop of [0, 12_345, 299_400, 400_000]) {
    const { from, to } = visibleLines(scrollTop, 600, 30, 10_000);
    expect(to - from).toBeLessThan(60);
    const first = Math.floor(scrollTop / 30);
    for (let line = first; line < Math.min(first + 20, 10_000); line++) {
      expect(line >= from && line < to, `${line} at ${scrollTop}`).toBe(true);
    }
  }
});

test('what is lost, forged, repeated or reset is to be looked at', () => {
  const rows = [
    row(0, { flags: 'S' }),
    row(1, { fate: 'lost' }),
    row(2, { retransmissionOf: 1 }),
    row(3, { fate: 'unknown' }),
    row(4, { flags: 'R.', fate: 'injected' }),
    row(5, { flags: 'R' }),
  ];
  expect(troubles(rows)).toEqual([1, 2, 4, 5]);
});

test('a packet is found by its number at one end, a moment by the row that follows it', () => {
  const rows = [row(0, { clientNumber: 3 }), row(10, { serverNumber: 3 }), row(20, { clientNumber: 4 })];
  expect(rowOfPacket(rows, { end: 'server', number: 3 })).toBe(1);
  expect(rowOfPacket(rows, { end: 'client', number: 9 })).toBeNull();
  expect(rowOfPacket(rows, null)).toBeNull();
  expect([0, 1e6, 10e6, 15e6, 99e6].map((ns) => rowNear(rows, ns))).toEqual([0, 1, 1, 2, 2]);
  expect(rowNear([], 5)).toBe(0);
});
