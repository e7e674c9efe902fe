import { Flag, isTcp, type Packet, type TcpPacket, withTcp } from '../wire/packets.js';

/** GSO_MAX_SIZE of Linux less room for headers, those of a tunnel too: no super-packet holds more data. */
const SUPER_PACKET_LIMIT = 65_536 - 200;

/** The burst as a tap above segmentation offload sees it: runs of data segments become super-packets. */
export function coalesce(burst: readonly Packet[]): Packet[] {
  const out: Packet[] = [];
  let segments = 0;
  for (const packet of burst) {
    const last = out.at(-1);
    const joined = last && join(last, packet, segments);
    segments = joined ? segments + 1 : 1;
    if (joined) out[out.length - 1] = joined;
    else out.push(packet);
  }
  return out;
}

/**
 * Both packets as one, or null when offload would keep them apart: other flow or order, no data, other
 * options, an identification that does not run on, or too long. `segments` is how many the head already holds.
 */
export function join(head: Packet, tail: Packet, segments: number): TcpPacket | null {
  if (!isTcp(head) || !isTcp(tail)) return null;
  const a = head.transport;
  const b = tail.transport;
  if (a.data.length === 0 || b.data.length === 0) return null;
  if (head.source !== tail.source || a.sourcePort !== b.sourcePort || a.destinationPort !== b.destinationPort)
    return null;
  if ((a.sequence + a.data.length) >>> 0 !== b.sequence || a.acknowledgment !== b.acknowledgment) return null;
  if (a.options.timestamps?.[0] !== b.options.timestamps?.[0]) return null;
  if ((a.flags & ~Flag.psh) !== Flag.ack || (b.flags & ~Flag.psh & ~Flag.fin) !== Flag.ack) return null;
  if ((a.flags & Flag.psh) !== 0 || head.tos !== tail.tos || head.ttl !== tail.ttl) return null;
  if (((head.id + segments) & 0xffff) !== tail.id && !head.source.includes(':')) return null;
  if (a.data.length + b.data.length > SUPER_PACKET_LIMIT) return null;
  const data = new Uint8Array(a.data.length + b.data.length);
  data.set(a.data);
  data.set(b.data, a.data.length);
  return withTcp(head, { data, flags: a.flags | b.flags });
}
