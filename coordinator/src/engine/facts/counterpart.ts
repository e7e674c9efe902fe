import type { FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** The record of a packet as a tap saw it, -1 when that tap did not, or when the record is gone. */
export function recordAt(flow: FlowFacts, p: Pick<Packet, 'record' | 'seenBy'>, tap: 0 | 1): number {
  if (p.seenBy === tap) return p.record;
  const { records } = flow.capture.intake.store;
  const peer = records.peer[p.record];
  if (peer === undefined || peer < 0 || records.flow[peer] < 0) return -1;
  // A record's place is used again after it: the number tells whether this is still the one.
  return records.tap[peer] === tap && records.number[peer] === records.peerNumber[p.record] ? peer : -1;
}

/** The records of a packet at its sender's and its receiver's tap, null when one is missing. */
export function bothRecords(flow: FlowFacts, p: Packet): { sent: number; received: number } | null {
  const sent = recordAt(flow, p, flow.senderTap(p.toward));
  const received = recordAt(flow, p, flow.receiverTap(p.toward));
  return sent < 0 || received < 0 ? null : { sent, received };
}
