import * as Row from '../flows/rows.js';
import type { Intake } from '../intake.js';
import type { FlowFacts } from './flow-facts.js';
import { hopsOf } from './hops.js';
import type { Packet, Toward } from './packet.js';

/** Routers between the taps, by the TTLs of packets matched in either direction of a flow; null where none was. */
export function routersOnPath(flow: FlowFacts): number | null {
  for (const toward of ['toward-client', 'toward-server'] as const) {
    const sent = flow.sent(toward, Row.TTL);
    const received = flow.received(toward, Row.TTL);
    if (flow.path(toward, Row.PAIRS) > 0 && sent >= received && received >= 0) return sent - received;
  }
  return routersAnywhere(flow.capture.intake);
}

/** The same from any flow of the capture: all flows cross the same two hosts. */
function routersAnywhere(intake: Intake): number | null {
  const { store } = intake;
  const limit = Math.min(store.table.count, SAMPLE);
  for (let flow = 0; flow < limit; flow++) {
    for (let direction = 0; direction < 2; direction++) {
      if (store.directions.data[store.direction(flow, direction) + Row.PAIRS] === 0) continue;
      const a = store.sides.data[store.side(flow, direction, 0) + Row.TTL];
      const b = store.sides.data[store.side(flow, direction, 1) + Row.TTL];
      if (a >= 0 && b >= 0) return Math.abs(a - b);
    }
  }
  return null;
}

/** Flows looked at for a path length. */
const SAMPLE = 64;

/** How a packet's header differs from what its alleged sender's packets look like at the same tap. */
export interface HeaderMismatch {
  text: string;
}

/**
 * Compares a RST's TTL, DSCP and flow label with its alleged sender's other packets as they arrive at the same tap.
 * TTLs are compared as hop counts: a stack may use another initial TTL for a socket than for its own replies.
 */
export function headerMismatch(flow: FlowFacts, rst: Packet): HeaderMismatch | null {
  const toward: Toward = rst.toward;
  const baseline = flow.received(toward, Row.TTL);
  const ttl = arrivalTtl(rst);
  const hops = hopsOf(ttl);
  const routers = routersOnPath(flow);
  if (baseline >= 0 && hopsOf(baseline) !== hops && ttl !== baseline) {
    return {
      text: `its TTL is ${ttl}, that of the alleged sender's other packets ${baseline}: it came ${hopCount(hops)}, they came ${hopCount(hopsOf(baseline))}`,
    };
  }
  if (baseline < 0 && routers !== null && hops !== routers) {
    return { text: `its TTL is ${ttl}, ${hopCount(hops)}; the path has ${routers} routers` };
  }
  if (rst.ipVersion === 6 && rst.flowLabel === 0 && flow.received(toward, Row.LABEL) > 0) {
    return { text: 'its IPv6 flow label is 0, which this sender uses nowhere else on the connection' };
  }
  return null;
}

/** TTL with which a packet came to its receiver. */
function arrivalTtl(p: Packet): number {
  return p.received?.ttl ?? p.ttl;
}

/** Where on the path a forger sits, counted from the receiver of what it forged. */
export interface Location {
  /** Routers the packet passed after it was made; null when its initial TTL cannot be known. */
  hopsFromReceiver: number | null;
  text: string;
}

export function locate(flow: FlowFacts, rst: Packet, receiver: string): Location {
  const ttl = arrivalTtl(rst);
  const hops = hopsOf(ttl);
  const routers = routersOnPath(flow);
  if (routers !== null && hops >= routers && routers > 0) {
    if (hops === routers) {
      return {
        hopsFromReceiver: hops,
        text: `its TTL fits the alleged sender's own distance (${hopCount(hops)})`,
      };
    }
    return {
      hopsFromReceiver: null,
      text: `its TTL of ${ttl} would mean ${hopCount(hops)} on a path of ${routers} routers: its initial TTL is not a usual one`,
    };
  }
  const place = ordinal(hops + 1);
  const of = routers === null || routers === 0 ? '' : ` of ${routers}`;
  return {
    hopsFromReceiver: hops,
    text: `it was made at the ${place} router${of} counted from the ${receiver}`,
  };
}

/**
 * The same for a device that reset both ends: with the initial TTL the same toward both, the two remaining TTLs
 * give place and initial TTL. Null when they do not fit one device.
 */
export function locateBoth(
  routers: number,
  ttlAtClient: number,
  ttlAtServer: number,
): { fromClient: number; initial: number } | null {
  const fromClient = (routers - 1 + ttlAtServer - ttlAtClient) / 2;
  const initial = (routers - 1 + ttlAtServer + ttlAtClient) / 2;
  if (!Number.isInteger(fromClient) || fromClient < 0 || fromClient > routers - 1) return null;
  return initial <= 255 ? { fromClient, initial } : null;
}

function hopCount(n: number): string {
  return n === 1 ? '1 hop' : `${n} hops`;
}

export function ordinal(n: number): string {
  const names = [
    'zeroth',
    'first',
    'second',
    'third',
    'fourth',
    'fifth',
    'sixth',
    'seventh',
    'eighth',
    'ninth',
  ];
  return names[n] ?? `${n}th`;
}
