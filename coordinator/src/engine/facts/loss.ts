import { Tcp } from '@bothends/proto';
import * as Row from '../match/rows.js';
import type { FlowFacts } from './flow-facts.js';
import type { Packet, Toward } from './packet.js';

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
  const lost = gone.reduce((sum, p) => sum + segmentsOf(flow, p, gone), 0);
  return { sent, lost, gone, data, acks };
}

/** Wire segments of a lost transmission, which may be a super-packet. */
export function segmentsOf(flow: FlowFacts, p: Packet, gone: readonly Packet[]): number {
  if (flow.protocol === 'udp' || p.length === 0) return 1;
  const { observer } = flow.capture.intake;
  const size = observer.segmentSize(flow.flow, flow.direction(p.toward), gone[0]?.timestampValue !== 0);
  return Math.ceil((p.length - p.covered) / size);
}
