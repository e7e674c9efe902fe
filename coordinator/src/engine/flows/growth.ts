/** Steps that arrays grow by, and memory up to which the large one is taken: a fraction of what any host of today has. */
const [LARGE_STEP, STEP] = [8, 2] as const;
const LARGE_BYTES = 512 * 1024 * 1024;

/**
 * How many there shall be room for when there is no more room for `capacity`, each of `bytes`. The system gives memory as
 * it is written to, so that room costs little; but copying costs, and so does what was copied until it is collected.
 */
export function grown(capacity: number, bytes: number): number {
  return capacity * (capacity * LARGE_STEP * bytes <= LARGE_BYTES ? LARGE_STEP : STEP);
}
