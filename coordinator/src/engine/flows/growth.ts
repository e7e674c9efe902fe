/** Up to here arrays grow in few large steps; twice as large is enough for what is larger already. */
const PLENTY = 262_144;
const [LARGE_STEP, STEP] = [8, 2] as const;

/**
 * How many there shall be room for when there is no more room. The system gives memory as it is written to, so that room
 * costs little; but copying costs, and so does what was copied until it is collected.
 */
export function grown(capacity: number): number {
  return capacity * (capacity <= PLENTY ? LARGE_STEP : STEP);
}
