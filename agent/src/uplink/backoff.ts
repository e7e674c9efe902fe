/** First wait after a link broke: short, because most often the coordinator was only restarted. */
const FIRST_MS = 250;
/** Longest wait: a coordinator that comes back sees its fleet within this time. */
const LONGEST_MS = 15_000;

/**
 * How long to wait before attempt number `attempt` (from 0), ms: doubling up to a limit, and half of it random,
 * so that a fleet does not come back all at once.
 * @param random 0 to 1, exclusive
 */
export function backoffMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(full / 2 + (full / 2) * random);
}
