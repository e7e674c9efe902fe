import * as Row from '../flows/rows.js';
import type { CaptureFacts } from './flow-facts.js';

/** Flows looked at: a port that is mirrored shows nearly all of them twice. */
const SAMPLE = 1024;

/** What came to a tap, over its flows. */
interface Arrivals {
  /** Packets that the other tap saw leave. */
  matched: number;
  /** Packets that it did not, or not once more. */
  surplus: number;
}

const cache = new WeakMap<CaptureFacts, Map<number, Arrivals>>();

/**
 * Arrivals of all flows at a tap. Where about as many came as were matched already, the tap sees each packet twice, as a port
 * mirror of both sides does; one flow of few packets does not tell that from a path that copies.
 */
export function arrivalsAt(capture: CaptureFacts, tap: 0 | 1): Arrivals {
  const known = cache.get(capture) ?? new Map<number, Arrivals>();
  cache.set(capture, known);
  let arrivals = known.get(tap);
  if (!arrivals) {
    arrivals = count(capture, tap);
    known.set(tap, arrivals);
  }
  return arrivals;
}

function count({ intake, orientation }: CaptureFacts, tap: 0 | 1): Arrivals {
  const { store } = intake;
  const arrivals = { matched: 0, surplus: 0 };
  const limit = Math.min(store.table.count, SAMPLE);
  for (let flow = 0; flow < limit; flow++) {
    for (let direction = 0; direction < 2; direction++) {
      if (orientation.senderTap(flow, direction) === tap) continue;
      const pairs = store.directions.data[store.direction(flow, direction) + Row.PAIRS];
      if (pairs === 0) continue;
      arrivals.matched += pairs;
      arrivals.surplus += store.sides.data[store.side(flow, direction, tap) + Row.WAITING];
    }
  }
  return arrivals;
}
