import type { ClockReport, PathHistory, TapReport } from '@bothends/proto';
import { expect, test } from 'vitest';
import { axisOf, bandsOf, clockStretches } from './coverage.js';

const CLOCK: ClockReport = { offsetNs: 0, errorNs: 1000, driftPpm: null, method: 'packets', steps: [] };

function bands(taps: TapReport[], clock = CLOCK) {
  return bandsOf(taps, clock, axisOf(taps, clock, null));
}

function history(clockErrorNs: (number | null)[]): PathHistory {
  const none = { lowestNs: [], meanNs: [], highestNs: [], lost: [] };
  const startedAt = '2026-01-02T10:00:00.000000000Z';
  return { startedAt, columnNs: 1e9, toServer: none, toClient: none, clockErrorNs };
}

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
  const [client, server] = bands([
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
  const [band] = bands([tap('client', { coverage: 'gaps', gaps: [gap] })]);
  const { from, width } = band?.stretches[1] ?? { from: 0, width: 0 };
  expect(width).toBeGreaterThan(0.5);
  expect(from + width).toBeLessThanOrEqual(100);
});

test('taps without any time have a name and no band', () => {
  expect(bands([tap('client', { openedAt: null, closedAt: null })])[0]?.stretches).toEqual([]);
});

test('a server whose clock is two seconds ahead stands where it was, not where its clock says', () => {
  const ahead = { ...CLOCK, offsetNs: 2e9 };
  const server = tap('server', {
    openedAt: '2026-01-02T10:00:02.000000000Z',
    closedAt: '2026-01-02T10:00:12.000000000Z',
  });
  expect(bands([tap('client', {}), server], ahead)[1]?.stretches).toMatchObject([{ from: 0, width: 100 }]);
});

test('a running capture reaches as far as its packets', () => {
  const running = tap('client', { closedAt: null });
  const axis = axisOf([running], CLOCK, history([1, 1, 1, 1]));
  expect(axis && axis.endNs - axis.startNs).toBe(4_000_000_000n);
});

test('where nothing bounds the clocks is shown, and where one was stepped', () => {
  const taps = [tap('client', {}), tap('server', {})];
  const steps = [{ at: '2026-01-02T10:00:05.000000000Z', byNs: 3e6, tap: 'unknown' as const }];
  const errors = [null, null, 1000, 1000, 2000, 1000, 1000, 1000, 1000, 1000];
  const axis = axisOf(taps, CLOCK, history(errors));
  if (axis === null) throw new Error('no axis');
  expect(clockStretches(history(errors), { ...CLOCK, steps }, axis)).toMatchObject([
    { from: 0, width: 20, kind: 'unknown' },
    { from: 20, width: 80, kind: 'open', text: 'known to ± 1 µs at best, ± 2 µs at worst' },
    { from: 50, kind: 'gap', text: expect.stringContaining('3 ms') },
  ]);
});
