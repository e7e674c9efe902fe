import { Tcp } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isRst, isSyn, isSynAck, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import { type Draft, draft, exhibit } from '../draft.js';

/** What shows that a tuple came back too early. */
interface Reuse {
  /** The SYN that came on a tuple in use. */
  syn: Packet;
  /** The server's answer with the numbers of the old connection, and the client's RST to that. */
  stale: Packet | null;
  reset: Packet | null;
}

/** `port-reuse`: the same tuple came back while one end still held the old connection. */
export function portReuse(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || !mayBeReused(flow)) return [];
  const reuse = findReuse(flow.packets.filter((p) => !p.icmp && !p.copy));
  return reuse ? [verdict(flow, reuse)] : [];
}

/** A reused tuple is answered by a RST, or by nothing so that the SYN is sent again. */
function mayBeReused(flow: FlowFacts): boolean {
  return flow.flowWord(Row.RESETS) > 0 || flow.sent('toward-server', Row.WAITING) > 0;
}

function findReuse(packets: readonly Packet[]): Reuse | null {
  const syns = packets.filter((p) => isSyn(p) && p.toward === 'toward-server' && p.sent);
  const index = syns.findIndex((p, i) => i > 0 && p.sequence !== syns[i - 1]?.sequence);
  const syn = syns[index];
  if (!syn || !holdsOld(packets, syn)) return null;
  const later = packets.filter((p) => p.at > syn.at);
  const stale = later.find((p) => isStale(p, syn)) ?? null;
  const reset =
    stale &&
    (later.find((p) => isRst(p) && p.toward === 'toward-server' && p.sequence === stale.acknowledgment) ??
      null);
  // Taken at once, as a socket in TIME-WAIT may: no harm done.
  if (!stale && later.some((p) => isSynAck(p) && p.acknowledgment === (syn.sequence + 1) >>> 0)) return null;
  return stale || later.some((p) => isSyn(p) && p.sequence === syn.sequence) ? { syn, stale, reset } : null;
}

/** The old connection was set up, and the server's end of it was not closed or reset. */
function holdsOld(packets: readonly Packet[], syn: Packet): boolean {
  const before = packets.filter((p) => p.at < syn.at);
  const answered = before.some((p) => p.toward === 'toward-client' && !isRst(p));
  return answered && !before.some((p) => isRst(p) && p.toward === 'toward-client');
}

/** An ACK without SYN that does not acknowledge this SYN: numbers of the old connection. */
function isStale(p: Packet, syn: Packet): boolean {
  if (p.toward !== 'toward-client' || !(p.flags & Tcp.ack) || p.flags & (Tcp.rst | Tcp.syn)) return false;
  return p.acknowledgment !== (syn.sequence + 1) >>> 0 && ((p.acknowledgment - syn.sequence) | 0) !== 1;
}

function verdict(flow: FlowFacts, { syn, stale, reset }: Reuse): Draft {
  const proven = gradeCase({
    lines: stale ? 2 : 1,
    conclusive: reset !== null,
    absence: null,
    headersOnly: false,
    counter: 0,
  });
  const answer = reset
    ? 'the server answered with the numbers of the old connection, and the client reset that'
    : stale
      ? 'the server answered with the numbers of the old connection'
      : 'it was not answered, so the client sent it again';
  return draft({
    code: 'port-reuse',
    grade: stale ? proven : weakest(proven, 'possible'),
    flow,
    direction: 'toward-server',
    sender: 'client',
    blame: 'client-host',
    at: syn.sent,
    statement: `The client opened a new connection from port ${flow.client.port} while the server still held the old one on that port: ${answer}.`,
    attributes: { port: flow.client.port },
    evidence: [
      exhibit('new-syn', 'a SYN with a new initial sequence number on a connection that had not ended', syn),
      stale && exhibit('old-numbers', 'answered by an ACK of the old connection', stale),
      reset && exhibit('reset', 'which the client resets, quoting that ACK', reset),
    ],
    missing: stale
      ? []
      : ['whether the server or a device on the path still holds the old connection (ss -tan, conntrack -L)'],
  });
}
