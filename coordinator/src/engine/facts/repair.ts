import { Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { opposite } from './flow-facts.js';
import type { Packet } from './packet.js';

/**
 * What TCP itself says about data that seems lost. `repaired`: the sender sent the bytes again. `refuted`: they were
 * acknowledged although nobody sent them again, so they did arrive and the tap missed them. `open`: neither.
 */
export type Testimony = 'repaired' | 'refuted' | 'open';

/** Lost transmissions of one direction, each with what TCP says about it. */
export interface Repairs {
  repaired: Packet[];
  refuted: Packet[];
  open: Packet[];
}

/** Hears TCP about each lost transmission with data, or a FIN, of one direction. */
export function repairsOf(flow: FlowFacts, toward: Packet['toward'], lost: readonly Packet[]): Repairs {
  const again = flow.packets.filter((p) => p.toward === toward && p.sent && !p.icmp && extent(p) > 0);
  const repairs: Repairs = { repaired: [], refuted: [], open: [] };
  for (const p of lost) repairs[testify(flow, p, again)].push(p);
  return repairs;
}

/** Sequence numbers that a segment takes up. */
export function extent(p: Packet): number {
  return p.length + (p.flags & Tcp.fin ? 1 : 0);
}

/** Whether two segments, numbered at the same tap, have a byte in common. */
export function overlap(a: Packet, b: Packet): boolean {
  const ahead = (a.sequence - b.sequence) | 0;
  return Math.min(ahead + extent(a), extent(b)) > Math.max(ahead, 0);
}

function testify(flow: FlowFacts, p: Packet, again: readonly Packet[]): Testimony {
  const sent = p.sent;
  if (!sent) return 'open';
  // Without IP id and time stamp one transmission is like the other: one of them was lost, and the bytes sent again.
  if (p.repeat) return p.ipId === 0 && p.timestampValue === 0 ? 'repaired' : 'open';
  const later = again.some((q) => q !== p && q.sent && q.sent.time > sent.time && overlap(p, q));
  if (later) return 'repaired';
  // Not every retransmission is kept: with more than are kept, its absence says nothing.
  if (again.filter((q) => q.repeat).length < flow.sent(p.toward, Row.REPEATS)) return 'open';
  return isAcknowledged(flow, p) ? 'refuted' : 'open';
}

/** Whether the receiver acknowledged all of a segment, as the sender's tap heard it. */
function isAcknowledged(flow: FlowFacts, p: Packet): boolean {
  const { intake } = flow.capture;
  const back = intake.store.side(flow.flow, flow.direction(opposite(p.toward)), flow.senderTap(p.toward));
  const acknowledged = intake.store.sides.data[back + Row.LAST_ACK];
  return (
    acknowledged !== undefined && acknowledged >= 0 && ((acknowledged - p.sequence - extent(p)) | 0) >= 0
  );
}
