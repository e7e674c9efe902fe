import * as Row from '../flows/rows.js';
import { BOTH_WAYS, type FlowFacts } from './flow-facts.js';
import type { Packet, Toward } from './packet.js';

/** ICMP "fragmentation needed" (type 3 code 4) and ICMPv6 "packet too big" (type 2) about a direction. */
export function tooBigErrors(flow: FlowFacts, toward: Toward): Packet[] {
  return flow.packets.filter((p) => {
    if (!p.icmp || p.toward !== toward) return false;
    return p.ipVersion === 6 ? p.icmp.type === 2 : p.icmp.type === 3 && p.icmp.code === 4;
  });
}

/** Size of an IP packet on the wire, bytes: a super-packet goes out in segments. */
export function wireSize(flow: FlowFacts, p: Packet): number {
  const { observer } = flow.capture.intake;
  const segment = observer.segmentSize(flow.flow, flow.direction(p.toward), p.timestampValue !== 0);
  return Math.min(p.ipLength, segment + p.ipLength - p.length);
}

/** More than a usual link takes at once, and in which pieces it leaves is unknown: it takes both SYNs to tell. */
export function isOfUnknownSize(flow: FlowFacts, p: Packet): boolean {
  return p.ipLength > USUAL_MTU && BOTH_WAYS.some((toward) => !isSegmentTold(flow, toward));
}

/** Some tap saw the MSS of the SYN or SYN-ACK of a direction. */
function isSegmentTold(flow: FlowFacts, toward: Toward): boolean {
  return flow.sent(toward, Row.MSS) > 0 || flow.received(toward, Row.MSS) > 0;
}

/** Ethernet's; jumbo frames are met beside SYNs that tell of them. */
const USUAL_MTU = 1500;

/** All of these were too large for a link whose router told the sender so: path MTU discovery, as it is meant to work. */
export function isDiscovery(flow: FlowFacts, toward: Toward, lost: readonly Packet[]): boolean {
  const told = tooBigErrors(flow, toward).find((p) => p.sent && (p.icmp?.mtu ?? 0) > 0);
  const mtu = told?.icmp?.mtu;
  return mtu !== undefined && lost.every((p) => wireSize(flow, p) > mtu);
}
