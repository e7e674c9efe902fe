import { NO_LENGTH } from '@bothends/proto';
import type { Intake } from '../intake/intake.js';
import {
  Heads,
  headKey,
  isHttp,
  isLong,
  isShortHttp,
  isTranslated,
  type Leg,
  legOf,
  sameBytes,
} from './legs.js';
import type { Orientation } from './orientation.js';

/** Connections that begin with the same bytes, looked at per tap: each is held against each. */
const LIMIT = 1024;

/** Two connections that one exchange went over: client to proxy at one tap, proxy to server at the other. */
export interface ProxiedPair {
  clientSide: number;
  serverSide: number;
  /**
   * What they have in common: the first bytes of the request, or those of the answer alone (the PROXY protocol goes before a
   * request), or an HTTP method and path that begin alike, since HTTP proxies write every head anew.
   */
  by: 'request' | 'answer' | 'head';
  /** The first bytes of the answers agree too; of HTTP heads written anew, status and length of the body. */
  sameAnswer: boolean;
  /** By the clocks the request passed the client's tap for certain before the server's. */
  inOrder: boolean;
  /** No other connection at either tap began with the same bytes. */
  unique: boolean;
}

/** Legs that may belong together, by the side of the proxy. */
interface Candidates {
  out: Leg[];
  in: Leg[];
}

/**
 * Finds exchanges that left one host on one connection and reached the other on another one. A proxy keeps neither
 * sequence numbers nor time stamps nor ids; what it passes on are the bytes.
 */
export function findProxied(intake: Intake, orientation: Orientation): ProxiedPair[] {
  const heads = new Heads(intake);
  const legs: Candidates = { out: [], in: [] };
  let isAnySeenAtBoth = false;
  for (let flow = 0; flow < intake.store.table.count; flow++) {
    if (intake.store.isSeenAtBoth(flow)) isAnySeenAtBoth = true;
    const leg = legOf(heads, flow);
    if (!leg) continue;
    const initiator = heads.direction[leg.request] as number;
    (orientation.senderTap(flow, initiator) === leg.tap ? legs.out : legs.in).push(leg);
  }
  const pairs: ProxiedPair[] = [];
  for (const common of COMMON) {
    // Every site is asked for "GET /", and many say the same: it tells something only where the taps have nothing in common.
    if (common.by !== 'request' && isAnySeenAtBoth) break;
    pairs.push(...pairAll(heads, legs, common));
  }
  return pairs;
}

/** What two legs may have in common, the surest first. */
interface Common {
  readonly by: ProxiedPair['by'];
  /** Legs with different keys have nothing in common; null for one that says too little. */
  key(heads: Heads, leg: Leg): number | null;
  agree(heads: Heads, a: Leg, b: Leg): boolean;
}

const COMMON: readonly Common[] = [
  {
    by: 'request',
    key: (heads, leg) => (isShortHttp(heads, leg.request) ? null : headKey(heads, leg.request)),
    agree: (heads, a, b) => sameBytes(heads, a.request, b.request),
  },
  {
    by: 'answer',
    key: (heads, leg) => (isReply(heads, leg) ? headKey(heads, leg.answer) : null),
    agree: (heads, a, b) => sameBytes(heads, a.answer, b.answer) && isNested(heads, a, b),
  },
  {
    by: 'head',
    key: (heads, leg) => (isHttp(heads, leg.request) ? headKey(heads, leg.request) : null),
    agree: (heads, a, b) => isNested(heads, a, b),
  },
];

/** Pairs what has it in common, and takes it from the legs that are left. */
function pairAll(heads: Heads, legs: Candidates, common: Common): ProxiedPair[] {
  const groups = new Map<number, Candidates>();
  for (const side of ['out', 'in'] as const) {
    for (const leg of legs[side]) {
      const key = common.key(heads, leg);
      if (key === null) continue;
      const same = groups.get(key) ?? { out: [], in: [] };
      same[side].push(leg);
      groups.set(key, same);
    }
  }
  const pairs = [...groups.values()].flatMap((same) =>
    pairUp(heads, same.out.slice(0, LIMIT), same.in.slice(0, LIMIT), common),
  );
  const paired = new Set(pairs.flatMap((pair) => [pair.clientSide, pair.serverSide]));
  legs.out = legs.out.filter((leg) => !paired.has(leg.flow));
  legs.in = legs.in.filter((leg) => !paired.has(leg.flow));
  return pairs;
}

/** An answer to the request, of some length: servers that speak first greet everybody alike. */
function isReply(heads: Heads, { request, answer }: Leg): boolean {
  return isLong(heads, answer) && (heads.time[answer] as number) > (heads.time[request] as number);
}

/** Answers by which a proxy that lost patience, or its server, speaks for itself (RFC 9110, 15.6). */
const GATEWAY_ERRORS: readonly number[] = [502, 503, 504];

/** The client waits for its answer at least as long as the proxy does, unless that gave up: it needs no clocks. */
function isNested({ time, httpStatus }: Heads, a: Leg, b: Leg): boolean {
  if (a.answer >= 0 && GATEWAY_ERRORS.includes(httpStatus[a.answer] as number)) return true;
  if (a.answer < 0 || b.answer < 0) return a.answer < 0 === b.answer < 0;
  const wait = (leg: Leg) => (time[leg.answer] as number) - (time[leg.request] as number);
  return wait(a) >= wait(b);
}

/** Both answers are HTTP with the same status and the same declared length. */
function isSameResponse({ httpStatus, httpLength }: Heads, a: number, b: number): boolean {
  if (a < 0 || b < 0 || httpStatus[a] === 0) return false;
  return httpStatus[a] === httpStatus[b] && httpLength[a] === httpLength[b] && httpLength[a] !== NO_LENGTH;
}

/** Pairs legs that agree in the order in which they came, each at its own tap. */
function pairUp(heads: Heads, out: readonly Leg[], into: readonly Leg[], common: Common): ProxiedPair[] {
  const pairs: ProxiedPair[] = [];
  const free = [...into];
  for (const a of out) {
    const index = free.findIndex(
      (b) =>
        b.tap !== a.tap &&
        common.agree(heads, a, b) &&
        orderOf(heads, a, b) !== 'after' &&
        !isTranslated(heads, a, b),
    );
    const b = free[index];
    if (!b) continue;
    free.splice(index, 1);
    pairs.push({
      clientSide: a.flow,
      serverSide: b.flow,
      by: common.by,
      sameAnswer:
        common.by === 'head'
          ? isSameResponse(heads, a.answer, b.answer)
          : sameBytes(heads, a.answer, b.answer),
      inOrder: orderOf(heads, a, b) === 'before',
      unique: isOnlyOne(heads, a, out, common) && isOnlyOne(heads, b, into, common),
    });
  }
  return pairs;
}

function isOnlyOne(heads: Heads, leg: Leg, legs: readonly Leg[], { by }: Common): boolean {
  if (by === 'head') return legs.length === 1;
  const head = (one: Leg) => (by === 'answer' ? one.answer : one.request);
  return !legs.some((other) => other !== leg && sameBytes(heads, head(leg), head(other)));
}

function orderOf(heads: Heads, a: Leg, b: Leg): 'before' | 'after' | 'unknown' {
  const { time, intake } = heads;
  return intake.timeline.order(a.tap, time[a.request] as number, b.tap, time[b.request] as number);
}
