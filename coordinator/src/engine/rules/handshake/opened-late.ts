import { formatDuration } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Sighting } from '../../facts/packet.js';
import { controlLine, silenceAbout } from '../../facts/silence.js';
import { assume, type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import { count } from '../words.js';
import { grade, type Handshake } from './opening.js';

/** Sendings of a SYN or SYN-ACK that were lost, and the one that arrived after them. */
interface Repaired {
  readonly lost: readonly Packet[];
  readonly arrived: Packet;
}

const FAST_OPEN_REMEDY =
  'A device on the path drops SYNs that bear data: find it, or switch TCP Fast Open off at the client ' +
  '(`sysctl net.ipv4.tcp_fastopen`, or the option of the application).';

/** SYNs were lost, and a later one arrived: the connection was opened, late. */
export function synRepaired(h: Handshake): Draft | null {
  const repaired = repairedOf(h.syns);
  if (!repaired || answeredEarly(h.synAcks, repaired)) return null;
  const evidence = 'no SYN-ACK left the server before that one arrived, and the client sent it again';
  return late(h.flow, 'syn-lost', repaired, 'SYN', evidence);
}

/** SYN-ACKs were lost, and a later one arrived. */
export function synAckRepaired(h: Handshake): Draft | null {
  const repaired = repairedOf(h.synAcks);
  if (!repaired || answeredEarly(h.clientLater, repaired)) return null;
  const evidence = 'nothing but SYNs left the client before that one arrived, and the server sent it again';
  return late(h.flow, 'syn-ack-lost', repaired, 'SYN-ACK', evidence);
}

/** The first sending that arrived, and those before it that did not; null where none was lost, or another was delivered. */
function repairedOf(sendings: readonly Packet[]): Repaired | null {
  const first = sendings.findIndex((p) => p.sent && p.received);
  const arrived = sendings[first];
  const lost = sendings.slice(0, Math.max(0, first));
  if (!arrived || lost.length === 0) return null;
  // Another number is another connection on the same tuple.
  const isLost = (p: Packet) => p.sent && p.fate === 'lost' && p.sequence === arrived.sequence;
  return lost.every(isLost) ? { lost, arrived } : null;
}

/**
 * The receiver answered one of those that its tap does not have, as either tap shows, or the tap lacks an answer, too: it
 * missed them.
 */
function answeredEarly(answers: readonly Packet[], { arrived }: Repaired): boolean {
  const { sent, received } = arrived;
  return answers.some((p) => p.sent === null || isEarlier(p.sent, received) || isEarlier(p.received, sent));
}

/** Seen by the same tap, and before. */
function isEarlier(a: Sighting | null, b: Sighting | null): boolean {
  return a !== null && b !== null && a.tap === b.tap && a.number < b.number;
}

function late(
  flow: FlowFacts,
  code: 'syn-lost' | 'syn-ack-lost',
  { lost, arrived }: Repaired,
  name: string,
  again: string,
): Draft {
  const [first] = lost as [Packet];
  const [sender, receiver] = [senderOf(first.toward), receiverOf(first.toward)];
  const quiet = silenceAbout(flow, lost);
  const wait = (arrived.sent?.time ?? 0) - (first.sent?.time ?? 0);
  const which = lost.length === 1 ? `first ${name}` : `first ${count(lost.length, name)}`;
  // A SYN with data is a Fast Open; many a firewall takes it for an attack.
  const data = lost.every((p) => p.length > 0) && arrived.length === 0;
  const bearing = data ? `, which bore ${first.length} bytes of data (TCP Fast Open),` : '';
  const next = data ? 'One without data' : 'The next one';
  return draft({
    code,
    // That its sender's TCP had no answer and the receiver gave none is a line of its own.
    grade: grade({ lines: quiet.lines + controlLine(flow) + 1, absence: quiet.level }),
    flow,
    direction: first.toward,
    sender,
    blame: 'path',
    at: first.sent,
    statement: `The ${which} of the ${sender}${bearing} never reached the ${receiver}: lost on the way there. ${next} arrived, so that the connection opened ${formatDuration(wait)} late.`,
    attributes: { sent: lost.length + 1, lost: lost.length, openedLateMs: Math.round(wait / 1e6) },
    evidence: [
      exhibit('seen-leaving', `${count(lost.length, name)} left the ${sender}`, ...lost.slice(0, 4)),
      exhibit('absent-at-receiver', `the ${receiver}'s capture does not have it: ${quiet.why}`, first),
      exhibit('retransmitted', again, arrived),
    ],
    remedy: data ? FAST_OPEN_REMEDY : null,
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing: quiet.level === 'complete' ? [] : [`a drop count of the ${receiver}'s capture`],
  });
}
