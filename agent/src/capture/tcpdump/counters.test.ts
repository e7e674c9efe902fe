import { describe, expect, it } from 'vitest';
import { countersAfter, isListening, isRoutine, NO_COUNTERS } from './counters.js';

/** As tcpdump 4.99.3 prints them. */
const ON_SIGNAL = 'tcpdump: 12 packets captured, 15 packets received by filter, 1 packet dropped by kernel';
const AT_END = ['13 packets captured', '16 packets received by filter', '2 packets dropped by kernel'];
const LISTENING =
  'tcpdump: listening on any, link-type LINUX_SLL2 (Linux cooked v2), snapshot length 192 bytes';

describe('what tcpdump says', () => {
  it('is counted whether on one line or on three', () => {
    expect(countersAfter(ON_SIGNAL, NO_COUNTERS)).toEqual({ captured: 12, received: 15, dropped: 1 });
    const end = AT_END.reduce((counters, line) => countersAfter(line, counters), NO_COUNTERS);
    expect(end).toEqual({ captured: 13, received: 16, dropped: 2 });
  });

  it('is kept when a line says nothing about it', () => {
    const before = countersAfter(ON_SIGNAL, NO_COUNTERS);
    expect(countersAfter('1 packet captured', before)).toEqual({ captured: 1, received: 15, dropped: 1 });
    expect(countersAfter(LISTENING, before)).toEqual(before);
  });

  it('is a complaint unless it is routine', () => {
    expect(isListening(LISTENING)).toBe(true);
    expect([LISTENING, ON_SIGNAL, ...AT_END].every(isRoutine)).toBe(true);
    expect(isRoutine('tcpdump: data link type LINUX_SLL2')).toBe(true);
    expect(isRoutine('tcpdump: pcap_loop: The interface disappeared')).toBe(false);
  });
});
