import { describe, expect, test } from 'vitest';
import { newTap, type Tap, vouch } from './taps.js';
import type { TapCoverage } from './types.js';

const BASE = 1_767_225_600_000_000_000n;
const S = 1_000_000_000;

function fileTap(first: number, last: number): Tap {
  const tap = newTap(0, { name: 'a.pcap', role: null, addresses: [] });
  tap.baseNs = BASE;
  tap.first = first;
  tap.last = last;
  return tap;
}

function liveTap(changes: Partial<TapCoverage>): Tap {
  const tap = newTap(0, { name: 'web-1', role: 'client', addresses: [] });
  tap.baseNs = BASE;
  tap.coverage = {
    backEnd: 'tcpdump',
    filter: '',
    interfaces: ['any'],
    snaplen: 192,
    openedNs: BASE,
    closedNs: BASE + 100n * BigInt(S),
    packets: null,
    kernelDrops: 0,
    agentDrops: 0,
    timestamps: 'kernel',
    gaps: [],
    watermarkNs: null,
    ...changes,
  };
  return tap;
}

describe('what a tap vouches for', () => {
  test('a file: nothing before its first or after its last packet, and never completely', () => {
    const tap = fileTap(10 * S, 20 * S);
    expect(vouch(tap, 12 * S, 13 * S, false).level).toBe('unverified');
    expect(vouch(tap, 9 * S, 13 * S, false)).toMatchObject({
      level: 'failed',
      why: 'a.pcap begins too late to tell',
    });
    expect(vouch(tap, 12 * S, 21 * S, false)).toMatchObject({
      level: 'failed',
      why: 'a.pcap ends too early to tell',
    });
    expect(vouch(fileTap(Number.NaN, Number.NaN), 0, 1, false).level).toBe('failed');
  });

  test("the operator's word stands for a file, and stays a word", () => {
    expect(vouch(fileTap(10 * S, 20 * S), 0, 30 * S, true).level).toBe('word');
  });

  test('a live tap that counted no drop: completely, while it was open', () => {
    const tap = liveTap({});
    expect(vouch(tap, 1 * S, 2 * S, false).level).toBe('complete');
    expect(vouch(tap, -1, 2 * S, false).level).toBe('failed');
    expect(vouch(tap, 99 * S, 101 * S, false).level).toBe('failed');
  });

  test('only verdicts that touch a gap weaken', () => {
    const gap = {
      fromNs: BASE + 5n * BigInt(S),
      toNs: BASE + 6n * BigInt(S),
      packets: 3,
      cause: 'kernel-drop',
    };
    const tap = liveTap({ gaps: [gap], kernelDrops: 3 });
    expect(vouch(tap, 1 * S, 2 * S, false).level).toBe('complete');
    expect(vouch(tap, 5.5 * S, 7 * S, false).level).toBe('failed');
  });

  test('a running tap says nothing yet about what it has not shipped', () => {
    const tap = liveTap({ closedNs: null, watermarkNs: BASE + 3n * BigInt(S) });
    expect(vouch(tap, 1 * S, 2 * S, false).level).toBe('complete');
    expect(vouch(tap, 2 * S, 4 * S, false).level).toBe('open');
    tap.finished = true;
    expect(vouch(tap, 2 * S, 4 * S, false).level).toBe('failed');
  });

  test('a back end that cannot count drops never vouches completely', () => {
    expect(vouch(liveTap({ kernelDrops: null }), 1 * S, 2 * S, false).level).toBe('unverified');
  });

  test('a tap that TCP caught missing packets is doubtful', () => {
    const tap = liveTap({});
    tap.missed = 2;
    expect(vouch(tap, 1 * S, 2 * S, false).level).toBe('doubtful');
  });

  test('clocks that cannot be compared vouch for nothing', () => {
    expect(vouch(liveTap({}), Number.NEGATIVE_INFINITY, 2 * S, false).level).toBe('failed');
  });
});
