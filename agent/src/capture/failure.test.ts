import { describe, expect, it } from 'vitest';
import { deathOf, openFailure } from './failure.js';

describe('why a tap did not open', () => {
  // As tcpdump 4.99.3 and libpcap 1.10.3 say it.
  it.each([
    [
      "eth0: You don't have permission to perform this capture on that device",
      'permission-denied',
      'CAP_NET_RAW',
    ],
    ['socket: Operation not permitted', 'permission-denied', 'AmbientCapabilities'],
    ['eth0: No such device exists', 'not-found', 'it has any, '],
    ['eth0: That device is not up', 'failed-precondition', 'ip link set eth0 up'],
    ["can't parse filter expression: syntax error", 'invalid-argument', 'syntax error'],
    ["can't mmap rx ring: Cannot allocate memory", 'failed-precondition', 'Cannot allocate memory'],
    ['', 'failed-precondition', 'no reason was given'],
  ])('%s', (said, code, part) => {
    const failure = openFailure('eth0', said);
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(part);
  });

  it('tells how it ended in the middle, and its last words', () => {
    const failure = deathOf('eth0', 'exited with status 1', ['pcap_loop: The interface disappeared']);
    expect(failure.message).toBe(
      'the capture on eth0 ended early: tcpdump exited with status 1, saying: pcap_loop: The interface disappeared',
    );
  });
});
