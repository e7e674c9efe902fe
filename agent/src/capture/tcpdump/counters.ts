/** What tcpdump prints about itself on stderr. */

/** On SIGUSR1 all on one line, at the end one line each; `packets dropped by kernel` is the one of interest. */
const KERNEL_DROPS = /(\d+) packets? dropped by kernel/;
const LISTENING = /listening on .*link-type (\S+)/;

/** Kernel drops that a line states, null when it states none. */
export function kernelDropsOf(line: string): number | null {
  const match = KERNEL_DROPS.exec(line);
  return match ? Number(match[1]) : null;
}

/** Whether a line says that the capture has begun. */
export function isListening(line: string): boolean {
  return LISTENING.test(line);
}

/** Lines that are no complaint: warnings of cooked mode, the counts at the end. */
export function isRoutine(line: string): boolean {
  return (
    isListening(line) ||
    /packets? (captured|received by filter|dropped by)/.test(line) ||
    line.includes('data link type') ||
    line.includes('verbose output suppressed') ||
    line.includes('promiscuous mode not supported')
  );
}
