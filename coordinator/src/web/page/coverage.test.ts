import type { TapReport } from '@bothends/proto';
import { expect, test } from 'vitest';
import { bandsOf } from './coverage.js';

function tap(role: 'client' | 'server', change: Partial<TapReport>): TapReport {
  return {
    name: role,
    role,
    backEnd: 'tcpdump',
    filter: '',
    interfaces: [],
    snaplen: 192,
    openedAt: '2026-01-02T10:00:00.000000000Z',
    closedAt: '2026-01-02T10:00:10.000000000Z',
    packets: 1,
    kernelDrops: 0,
    agentDrops: 0,
    timestamps: 'kernel',
    coverage: 'complete',
    gaps: [],
    ...change,
  };
}

test('both taps stand on one scale, and a gap stands where it was', () => {
  const gap = {
    from: '2026-01-02T10:00:05.000000000Z',
    to: '2026-01-02T10:00:06.000000000Z',
    packets: 7,
    cause: 'kernel drops',
  };
  const [client, server] = bandsOf([
    tap('client', { coverage: 'gaps', gaps: [gap] }),
    tap('server', { openedAt: '2026-01-02T10:00:02.000000000Z', coverage: 'unknown' }),
  ]);
  expect(client?.stretches).toMatchObject([
    { from: 0, width: 100, kind: 'open' },
    { from: 50, width: 10, kind: 'gap', text: expect.stringContaining('7 packets missing (kernel drops)') },
  ]);
  expect(server?.stretches).toMatchObject([{ from: 20, width: 80, kind: 'unknown' }]);
});

test('a gap of a microsecond in ten seconds is still to be seen', () => {
  const gap = {
    from: '2026-01-02T10:00:09.999999000Z',
    to: '2026-01-02T10:00:10.000000000Z',
    packets: null,
    cause: 'spool full',
  };
  const [band] = bandsOf([tap('client', { coverage: 'gaps', gaps: [gap] })]);
  const { from, width } = band?.stretches[1] ?? { from: 0, width: 0 };
  expect(width).toBeGreaterThan(0.5);
  expect(from + width).toBeLessThanOrEqual(100);
});

test('taps without any time have a name and no band', () => {
  expect(bandsOf([tap('client', { openedAt: null, closedAt: null })])[0]?.stretches).toEqual([]);
});
