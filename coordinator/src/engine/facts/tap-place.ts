import type { End } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { hopsOf } from './hops.js';

/**
 * Where the tap at one end of a flow stands. On the end itself, what leaves the tap left that host, and what comes to it
 * came to that host. On a router before it, others lie between.
 */
export interface TapPlace {
  /** Routers that the end's packets had passed when the tap saw them, by their TTL; 0 also where it saw none. */
  readonly routersBetween: number;
  /** What lies behind the tap: the end, and where the tap is not on it, what is between. */
  readonly behind: string;
  /** What tells that the tap is not on the end, to stand as evidence or assumption; null where it may be. */
  readonly why: string | null;
}

/** Where the tap at an end stands, as far as the packets of a flow tell. */
export function tapPlace(flow: FlowFacts, end: End): TapPlace {
  const ttl = flow.sent(end === 'client' ? 'toward-server' : 'toward-client', Row.TTL);
  const routersBetween = ttl > 0 ? hopsOf(ttl) : 0;
  if (routersBetween === 0) return { routersBetween, behind: `the ${end}'s host`, why: null };
  const routers = routersBetween === 1 ? 'a router' : `${routersBetween} routers`;
  return {
    routersBetween,
    behind: `the ${end}'s host or ${routers} between it and this capture`,
    why: `the ${end}'s packets have TTL ${ttl} already where its side was captured, as after ${routers}: that is not on the ${end} itself`,
  };
}
