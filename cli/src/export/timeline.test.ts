import type { ClockReport, Report } from '@bothends/proto';
import { describe, expect, test } from 'vitest';
import { forgedReport } from '../render/samples/forged.js';
import { CommonTime } from './timeline.js';

const START_NS = 1_767_225_600_000_000_000n;
const SECOND_NS = 1e9;

function timeOf(clock: Partial<ClockReport>): CommonTime {
  const known: ClockReport = {
    offsetNs: 0,
    errorNs: 10,
    driftPpm: null,
    method: 'packets',
    steps: [],
    ...clock,
  };
  const report: Report = { ...forgedReport, clock: known };
  return new CommonTime(report, START_NS);
}

describe('times on the client’s clock', () => {
  test('the client’s stay, the server’s lose the offset', () => {
    const time = timeOf({ offsetNs: 5_000 });
    expect(time.shiftNs('client', SECOND_NS)).toBe(0);
    expect(time.shiftNs('server', SECOND_NS)).toBe(5_000);
  });

  test('a server that is 2 ppm fast gains 2 µs in each second', () => {
    const time = timeOf({ offsetNs: 5_000, driftPpm: 2 });
    expect(time.shiftNs('server', 5_000)).toBe(5_000);
    expect(time.shiftNs('server', 5_000 + 10 * SECOND_NS)).toBe(25_000);
    expect(time.comment).toMatch(
      /5000 ns were taken .* plus 2000 ns for each second since; known to ± 10 ns/,
    );
  });

  test('clocks that nothing bounds are left alone, and that is said', () => {
    const time = timeOf({ offsetNs: null, errorNs: null, method: 'none' });
    expect(time.shiftNs('server', SECOND_NS)).toBe(0);
    expect(time.comment).toMatch(/nothing bounds/);
  });

  test('a clock that was set is said to be aligned from then on only', () => {
    const steps = [{ at: '2026-01-01T00:00:05.000000000Z', byNs: 1e9, tap: 'unknown' }];
    expect(timeOf({ steps }).comment).toMatch(
      /A clock was set \(1×\): times before the last time are not aligned/,
    );
  });
});
