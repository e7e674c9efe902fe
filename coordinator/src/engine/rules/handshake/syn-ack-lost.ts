import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet } from '../../facts/packet.js';
import { silenceAbout } from '../../facts/silence.js';
import { MAX_ROUND_TRIP_NS } from '../../facts/witness.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { count } from '../words.js';
import { grade, type Handshake, noneReceived } from './opening.js';

/** The server answered, and none of its SYN-ACKs arrived. */
export function synAckLost(h: Handshake): Draft | null {
  const { flow, syns, synAcks } = h;
  const sent = synAcks.filter((p) => p.sent);
  if (sent.length === 0 || !noneReceived(synAcks) || h.clientLater.length > 0) return null;
  const first = sent[0] as Packet;
  const again = syns.filter((p) => askedAgain(flow, first, p));
  const quiet = silenceAbout(flow, sent);
  return draft({
    code: 'syn-ack-lost',
    grade: grade({ lines: quiet.lines + (again.length > 0 ? 1 : 0), absence: quiet.level }),
    flow,
    direction: 'toward-client',
    sender: 'server',
    blame: 'path',
    at: first.sent,
    statement: `The server answered with ${count(sent.length, 'SYN-ACK')}; none reached the client: they die on the return path.`,
    attributes: { sent: sent.length, lost: sent.length },
    evidence: [
      exhibit('seen-leaving', `${count(sent.length, 'SYN-ACK')} left the server`, ...sent.slice(0, 4)),
      exhibit('absent-at-receiver', `the client's capture has none of them: ${quiet.why}`, first),
      again.length > 0 &&
        exhibit(
          'retransmitted',
          'the client sent its SYN again after that, so its TCP had no answer',
          again[0],
        ),
    ],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing: quiet.level === 'complete' ? [] : ["a drop count of the client's capture"],
  });
}

/** The SYN left its client after the SYN-ACK had left the server, by the clocks or by more than any round trip. */
function askedAgain(flow: FlowFacts, synAck: Packet, syn: Packet): boolean {
  if (!synAck.sent || !syn.sent) return false;
  if (flow.isBefore(synAck.sent, syn.sent)) return true;
  return syn.received !== null && syn.received.time - synAck.sent.time > MAX_ROUND_TRIP_NS;
}
