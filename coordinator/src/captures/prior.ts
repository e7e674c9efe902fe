import { earlierOf, laterOf } from '@bothends/proto';
import type { ClockEstimate } from '../fleet/clock-estimate.js';
import type { StoredPrior } from './capture.js';

/**
 * The server's clock minus the client's, from what is known of each against the coordinator's. Both errors count
 * whole: nothing says that they cancel.
 */
export function priorOf(client: ClockEstimate | null, server: ClockEstimate | null): StoredPrior | null {
  if (client === null || server === null) return null;
  return { offsetNs: server.offsetNs - client.offsetNs, errorNs: client.errorNs + server.errorNs };
}

/**
 * A bound that holds at both moments, and between them if clocks drift evenly: a capture may be long, and its
 * first bound need not hold at its end.
 */
export function widenPrior(a: StoredPrior | null, b: StoredPrior | null): StoredPrior | null {
  if (a === null || b === null) return a ?? b;
  const low = earlierOf(a.offsetNs - whole(a.errorNs), b.offsetNs - whole(b.errorNs));
  const high = laterOf(a.offsetNs + whole(a.errorNs), b.offsetNs + whole(b.errorNs));
  return { offsetNs: (low + high) / 2n, errorNs: Number(high - low + 1n) / 2 };
}

function whole(ns: number): bigint {
  return BigInt(Math.ceil(ns));
}
