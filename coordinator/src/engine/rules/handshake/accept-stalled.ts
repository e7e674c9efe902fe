import { formatDuration, Tcp } from '@bothends/proto';
import { type Draft, draft, exhibit } from '../draft.js';
import { grade, type Handshake } from './opening.js';

/** The third packet arrived, and the server went on as if it had not. */
export function acceptStalled(h: Handshake): Draft | null {
  const { flow, synAcks, clientLater } = h;
  const ack = clientLater.find((p) => p.received && p.sent && p.flags & Tcp.ack);
  const again = synAcks.filter(
    (p) =>
      p.sent &&
      ack?.received &&
      flow.isBefore(ack.received, p.sent) &&
      ack.acknowledgment === (p.sequence + 1) >>> 0,
  );
  const first = again[0];
  if (!ack?.received || !first?.sent) return null;
  return draft({
    code: 'accept-stalled',
    grade: grade({ lines: again.length > 1 ? 2 : 1, absence: null }),
    flow,
    direction: 'toward-client',
    sender: 'server',
    cause: null,
    blame: 'server-host',
    at: first.sent,
    statement: `The client's ACK reached the server, which went on retransmitting its SYN-ACK (${again.length} times, first after ${formatDuration(first.sent.time - ack.received.time)}): it did not accept the connection, as with a full accept queue.`,
    attributes: { retransmissions: again.length },
    evidence: [
      exhibit('arrived', 'the ACK of the handshake arrived at the server', ack),
      exhibit('not-accepted', 'after that the server sent its SYN-ACK again', ...again.slice(0, 3)),
    ],
    missing: [
      'ListenOverflows of the server (nstat -az TcpExtListenOverflows) and ss -ltn: Recv-Q above Send-Q',
    ],
  });
}
