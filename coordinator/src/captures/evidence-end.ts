import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Store } from '../store/store.js';
import type { Capture } from './capture.js';

/**
 * True for the last batch of a tap. The time of closing is written once, after everything else, and batches come
 * in the order of their numbers (lost ones as empty batches).
 */
export function isLastBatch({ coverage }: Batch): boolean {
  return coverage !== undefined && coverage.closedNs !== 0n;
}

/**
 * The taps of a capture whose last batch is in the store, though the capture does not know: the coordinator was killed
 * between the commit and its consequence, and the agent will not send it again.
 */
export async function drainedTaps(
  { phase, taps }: Capture,
  store: Pick<Store, 'totals' | 'batches'>,
): Promise<string[]> {
  if (phase.state === 'failed') return [];
  const drained: string[] = [];
  for (const { id } of taps.filter((tap) => !tap.drained)) {
    const { sequence } = await store.totals(id);
    if (sequence === 0n) continue;
    const [last] = await store.batches(id, sequence - 1n, 1);
    if (last !== undefined && isLastBatch(last)) drained.push(id);
  }
  return drained;
}
