import type { End } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { CaptureFacts, FlowFacts } from './flow-facts.js';
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
  /** What is taken for granted where nothing tells: that the tap is on the end; null where something does. */
  readonly presumed: string | null;
}

/** Where a tap stands, as an assumption of a finding. */
export function placeAssumed({ why, presumed }: TapPlace): { text: string; checked: boolean }[] {
  if (why !== null) return [{ text: why, checked: true }];
  return presumed === null ? [] : [{ text: presumed, checked: false }];
}

/** Where the tap at an end stands, as far as packets of that host tell; `ttl` is what they have there. */
export function tapPlace(flow: FlowFacts, end: End, ttl: number | null = ttlAtTap(flow, end)): TapPlace {
  const routersBetween = ttl === null ? 0 : hopsOf(ttl);
  if (routersBetween === 0) {
    const told = ttl !== null || isTapOfHost(flow, end);
    const presumed = `the capture at the ${end}'s side was taken on the ${end} itself: it has nothing that the ${end} sent, which would tell`;
    return { routersBetween, behind: `the ${end}'s host`, why: null, presumed: told ? null : presumed };
  }
  const routers = routersBetween === 1 ? 'a router' : `${routersBetween} routers`;
  return {
    routersBetween,
    behind: `the ${end}'s host or ${routers} between it and this capture`,
    why: `the ${end}'s packets have TTL ${ttl} already where its side was captured, as after ${routers}: that is not on the ${end} itself`,
    presumed: null,
  };
}

/** A live tap knows the addresses of its host. */
function isTapOfHost(flow: FlowFacts, end: End): boolean {
  const tap = flow.capture.taps[end === 'client' ? flow.clientTap : 1 - flow.clientTap];
  const address = (flow.serverView ?? flow)[end].address;
  return tap?.description.addresses.some((own) => own === address || own === flow[end].address) ?? false;
}

/** TTL of an end's packets at its own tap, RSTs apart: on this flow, else on others of that host; null where unknown. */
export function ttlAtTap(flow: FlowFacts, end: End): number | null {
  const toward = end === 'client' ? 'toward-server' : 'toward-client';
  const own = flow.sent(toward, Row.TTL);
  if (own > 0) return own;
  const { intake } = flow.capture;
  const key = keyOf(intake, flow.flow, flow.direction(toward), flow.senderTap(toward));
  return ttlsByHost(flow.capture).get(key) ?? null;
}

/** Flows looked at: those of one host agree, and the first ones tell. */
const SAMPLE = 1024;

const cache = new WeakMap<CaptureFacts, ReadonlyMap<string, number | null>>();

/** TTLs that hosts' packets have at the tap on their side; null where flows of a host do not agree. */
function ttlsByHost(capture: CaptureFacts): ReadonlyMap<string, number | null> {
  const known = cache.get(capture);
  if (known) return known;
  const { intake, orientation } = capture;
  const { store } = intake;
  const found = new Map<string, number | null>();
  const limit = Math.min(store.table.count, SAMPLE);
  for (let flow = 0; flow < limit; flow++) {
    for (const direction of [0, 1] as const) {
      const tap = orientation.senderTap(flow, direction);
      const ttl = store.sides.data[store.side(flow, direction, tap) + Row.TTL];
      if (ttl <= 0) continue;
      const key = keyOf(intake, flow, direction, tap);
      const before = found.get(key);
      found.set(key, before === undefined || before === ttl ? ttl : null);
    }
  }
  cache.set(capture, found);
  return found;
}

/** A direction's sender has the direction's number among the two ends of a flow. */
function keyOf({ store }: Intake, flow: number, direction: 0 | 1, tap: 0 | 1): string {
  return `${tap} ${store.table.address(flow, direction).join(' ')}`;
}
