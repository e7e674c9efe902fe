import { Tcp, TcpOption } from '@bothends/proto';
import { type FlowFacts, opposite } from '../../facts/flow-facts.js';
import type { Packet, Sighting } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';

/**
 * What a RST looks like.
 * `reply`: as a stack answers a segment it has no use for (RFC 9293, 3.10.7.1): bare R with the segment's ACK
 * number as sequence number, or R with ACK and sequence number 0. `active`: as a stack aborts its own connection:
 * RST and ACK with the connection's own numbers. `odd`: neither.
 */
export type ResetShape = 'reply' | 'active' | 'odd';

export function shapeOf(rst: Packet): ResetShape {
  if (!(rst.flags & Tcp.ack)) return rst.acknowledgment === 0 && rst.window === 0 ? 'reply' : 'odd';
  if (rst.sequence === 0) return 'reply';
  return 'active';
}

/**
 * The packet that a reply RST answers: of those that came the other way and whose numbers it quotes, the latest that the tap
 * saw before it. That tap's own order counts: when packets that only the other one saw went by is an estimate.
 */
export function triggerOf(rst: Packet, tap: 0 | 1, packets: readonly Packet[]): Packet | null {
  const limit = timeAt(rst, tap) ?? Number.POSITIVE_INFINITY;
  let latest: Packet | null = null;
  let [time, number] = [Number.NEGATIVE_INFINITY, 0];
  for (const p of packets) {
    const seen = p.toward === rst.toward || p.icmp ? null : sightingAt(p, tap);
    if (seen === null || seen.time > limit || !quotes(rst, p)) continue;
    if (seen.time < time || (seen.time === time && seen.number < number)) continue;
    latest = p;
    ({ time, number } = seen);
  }
  return latest;
}

/** True when the RST's numbers are those that RFC 9293 prescribes in answer to `p`. */
export function quotes(rst: Packet, p: Packet): boolean {
  if (p.flags & Tcp.rst) return false;
  if (rst.flags & Tcp.ack) {
    const extent = p.length + (p.flags & Tcp.syn ? 1 : 0) + (p.flags & Tcp.fin ? 1 : 0);
    return rst.sequence === 0 && rst.acknowledgment === (p.sequence + extent) >>> 0;
  }
  return (p.flags & Tcp.ack) !== 0 && p.acknowledgment === rst.sequence;
}

/**
 * Whether the flow's packets carry TCP time stamps while an active RST does not: no stack forgets them. They do from the
 * handshake on where both SYNs offered them (RFC 7323, 3.2), as the tap that saw the RST saw them: the path may strip options.
 */
export function lacksTimestamps(flow: FlowFacts, rst: Packet): boolean {
  if (shapeOf(rst) !== 'active' || rst.options & TcpOption.timestamps || isCut(flow, rst)) return false;
  return (
    bearsTimestamps(flow, rst) ||
    (offersTimestamps(flow.received(rst.toward, Row.SYN_OPTIONS)) && agrees(flow, rst))
  );
}

/** Packets after the SYN do, and some arrived with them. */
function bearsTimestamps(flow: FlowFacts, { toward }: Packet): boolean {
  if (flow.received(toward, Row.TSVAL) <= 0) return false;
  return flow.packets.some(
    (p) =>
      p.toward === toward &&
      !(p.flags & (Tcp.rst | Tcp.syn)) &&
      !p.icmp &&
      (p.options & TcpOption.timestamps) !== 0,
  );
}

/** The end that got the RST had offered them, too, at its own tap. */
function agrees(flow: FlowFacts, rst: Packet): boolean {
  return offersTimestamps(flow.sent(opposite(rst.toward), Row.SYN_OPTIONS));
}

/** `options` of a SYN, -1 where none was seen. */
function offersTimestamps(options: number): boolean {
  return options >= 0 && (options & TcpOption.timestamps) !== 0;
}

/** The snaplen cut its headers: which options it has is not known. */
function isCut(flow: FlowFacts, rst: Packet): boolean {
  return flow.capture.intake.store.records.cut[rst.record] === 1;
}

/** Time of a packet at a tap, null where that tap did not see it. */
export function timeAt(p: Packet, tap: 0 | 1): number | null {
  return sightingAt(p, tap)?.time ?? null;
}

function sightingAt(p: Packet, tap: 0 | 1): Sighting | null {
  if (p.sent?.tap === tap) return p.sent;
  return p.received?.tap === tap ? p.received : null;
}
