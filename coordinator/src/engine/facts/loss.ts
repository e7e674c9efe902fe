import { IpFlag, Tcp } from '@bothends/proto';
import * as Row from '../flows/rows.js';
import type { FlowFacts } from './flow-facts.js';
import { isRst, type Packet, type Toward } from './packet.js';

/** What one direction of a flow lost between the taps. */
export interface Loss {
  /** Transmissions that left, and of them those that the receiver's tap vouches never came (wire segments). */
  sent: number;
  lost: number;
  /** Lost transmissions, those of the two lists and what opens or ends a connection. */
  gone: Packet[];
  /** Lost transmissions with data or a FIN, and pure ACKs. */
  data: Packet[];
  acks: Packet[];
}

const cache = new WeakMap<readonly Packet[], Map<Toward, Loss>>();

/** What one direction of a flow lost between the taps. */
export function lossOf(flow: FlowFacts, toward: Toward): Loss {
  const sent = flow.sent(toward, Row.SEGMENTS);
  if (flow.sent(toward, Row.WAITING) === 0) return { sent, lost: 0, gone: [], data: [], acks: [] };
  const packets = flow.packets;
  let both = cache.get(packets);
  if (!both) {
    both = new Map();
    cache.set(packets, both);
  }
  let loss = both.get(toward);
  if (!loss) {
    loss = findLoss(flow, toward, sent);
    both.set(toward, loss);
  }
  return loss;
}

function findLoss(flow: FlowFacts, toward: Toward, sent: number): Loss {
  const gone = flow.packets.filter((p) => p.toward === toward && p.fate === 'lost' && !p.icmp);
  const data = gone.filter(
    (p) => (p.length > 0 || (p.flags & Tcp.fin) !== 0) && !(p.flags & (Tcp.syn | Tcp.rst)),
  );
  const acks =
    flow.protocol === 'tcp'
      ? gone.filter((p) => p.length === 0 && !(p.flags & (Tcp.syn | Tcp.rst | Tcp.fin)))
      : [];
  const lost =
    flow.protocol === 'udp'
      ? datagramsOf(gone).length
      : gone.reduce((sum, p) => sum + segmentsOf(flow, p, gone), 0);
  return { sent, lost, gone, data, acks };
}

/**
 * What of these left so late that the receiver may have ended the connection before it came: then its loss is no matter, TCP sends
 * it again though it arrived, and a tap that was overrun at the end misses both it and the RST that it bred.
 */
export function leftTooLate(flow: FlowFacts, toward: Toward, packets: readonly Packet[]): Packet[] {
  const abort = flow.packets.find((p) => isRst(p) && p.toward !== toward && p.sent !== null);
  if (!abort) return [];
  const late = abort.at - (flow.roundTrip ?? 0);
  return packets.filter((p) => p.at >= late);
}

/** Wire segments of a lost transmission, which may be a super-packet. */
export function segmentsOf(flow: FlowFacts, p: Packet, gone: readonly Packet[]): number {
  if (flow.protocol === 'udp' || p.length === 0) return 1;
  const { observer } = flow.capture.intake;
  const size = observer.segmentSize(flow.flow, flow.direction(p.toward), gone[0]?.timestampValue !== 0);
  return Math.ceil((p.length - p.covered) / size);
}

/** The fragments of one datagram leave together, ns. */
const TOGETHER_NS = 100_000_000;

/** How many datagrams of those that `missing` packets belong to came in part: the other end has some of their fragments. */
export function lostInPart(missing: readonly Packet[]): number {
  return datagramsOf(missing).filter((fragments) => !isWholeDatagram(fragments)).length;
}

/** Nothing of the datagram came: what is missing begins with its first byte, has no hole, and ends with its last fragment. */
function isWholeDatagram(fragments: readonly Packet[]): boolean {
  let end = 0;
  let last = false;
  for (const p of [...fragments].sort((a, b) => a.sequence - b.sequence)) {
    if (p.covered > 0 || p.sequence > end) return false;
    end = p.sequence + p.length;
    last = (p.ipFlags & IpFlag.moreFragments) === 0;
  }
  return last;
}

/** Lost packets of UDP, the fragments of one datagram together in whatever order they left; oldest first. */
export function datagramsOf(packets: readonly Packet[]): Packet[][] {
  const datagrams: Packet[][] = [];
  const latest = new Map<number, Packet[]>();
  for (const p of packets) {
    const begun = latest.get(p.ipId);
    if (begun && isOfDatagram(p, begun)) begun.push(p);
    else {
      const datagram = [p];
      datagrams.push(datagram);
      latest.set(p.ipId, datagram);
    }
  }
  return datagrams;
}

/** IPv6 keeps its identification of fragments for itself here: there what left together and says nothing twice belongs together. */
function isOfDatagram(p: Packet, fragments: readonly Packet[]): boolean {
  const [first] = fragments;
  if (!first || p.at - first.at > TOGETHER_NS) return false;
  return fragments.every((q) => (p.ipFlags & q.ipFlags & IpFlag.fragment) !== 0 && p.sequence !== q.sequence);
}

/** A direction that went dead: nothing that left from some moment on arrived any more. */
export interface CutOff {
  /** Packets lost since, retransmissions among them. */
  packets: number;
  /** From the first of them to the last, ns. */
  lasted: number;
}

/** Retransmissions of one segment that all get lost are no chance any more; fewer may be. */
export const LEAST_CUT = 3;

/** Long enough for several retransmission timeouts, ns. */
export const CUT_NS = 1_000_000_000;

/** Says whether a direction went dead with the first of its lost packets; null where something arrived later. */
export function cutOffAt(flow: FlowFacts, toward: Toward, first: Packet | undefined): CutOff | null {
  const start = first?.sent;
  const top = flow.path(toward, flow.senderTap(toward) === 0 ? Row.TOP_NUMBER_0 : Row.TOP_NUMBER_1);
  if (!start || top > start.number) return null;
  const since = flow.packets.filter(
    (p) => p.toward === toward && p.fate === 'lost' && p.sent && p.sent.number >= start.number && !p.icmp,
  );
  const last = Math.max(...since.map((p) => p.sent?.time ?? 0));
  const lasted = last - start.time;
  return since.length >= LEAST_CUT && lasted >= CUT_NS ? { packets: since.length, lasted } : null;
}
