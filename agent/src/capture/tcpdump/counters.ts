/** What tcpdump says about itself on stderr. */

/** Counters since the start; null until it stated them. */
export interface Counters {
  /** Packets that it read. */
  readonly captured: number | null;
  /** Packets that passed the filter in the kernel: those it read, those dropped, those still in the ring. */
  readonly received: number | null;
  /** Packets dropped for want of room in the ring. */
  readonly dropped: number | null;
}

export const NO_COUNTERS: Counters = { captured: null, received: null, dropped: null };

/** The counters after a line: on SIGUSR1 all are on one, at the end each has its own. */
export function countersAfter(line: string, before: Counters): Counters {
  return {
    captured: countOf(line, /(\d+) packets? captured/) ?? before.captured,
    received: countOf(line, /(\d+) packets? received by filter/) ?? before.received,
    dropped: countOf(line, /(\d+) packets? dropped by kernel/) ?? before.dropped,
  };
}

function countOf(line: string, pattern: RegExp): number | null {
  const match = pattern.exec(line);
  return match ? Number(match[1]) : null;
}

/** Whether a line says that the capture has begun. */
export function isListening(line: string): boolean {
  return /listening on .*link-type/.test(line);
}

/** Lines that are no complaint: warnings of cooked mode, the counters. */
export function isRoutine(line: string): boolean {
  return (
    isListening(line) ||
    /packets? (captured|received by filter|dropped by)/.test(line) ||
    /data link type|verbose output suppressed|promiscuous mode not supported/i.test(line)
  );
}
