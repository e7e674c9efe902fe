import { Tcp } from '@bothends/proto';
import type { Packet } from '../../facts/packet.js';
import { silenceAbout } from '../../facts/silence.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { grade, type Handshake } from './opening.js';

/** The third packet of the handshake, and all that followed it, died on the way. */
export function handshakeAckLost(h: Handshake): Draft | null {
  const { flow, synAcks, clientLater } = h;
  const answered = synAcks.find((p) => p.received && p.sent);
  const acks = clientLater.filter(
    (p) => p.length === 0 && p.sent && p.flags & Tcp.ack && !(p.flags & Tcp.fin),
  );
  const repeated = synAcks.filter((p) => p.sent).length > 1;
  if (!answered || acks.length === 0 || !repeated) return null;
  if (!acks.every((p) => p.received === null) || clientLater.some((p) => p.received)) return null;
  const quiet = silenceAbout(flow, acks);
  const first = acks[0] as Packet;
  return draft({
    code: 'handshake-ack-lost',
    grade: grade({ lines: quiet.lines + 1, absence: quiet.level }),
    flow,
    direction: 'toward-server',
    sender: 'client',
    blame: 'path',
    at: first.sent,
    statement: `The client completed the handshake, but its ACK never reached the server: lost on the way there (${acks.length} sent).`,
    attributes: { sent: acks.length, lost: acks.length },
    evidence: [
      exhibit('seen-leaving', 'the ACK left the client', first),
      exhibit('absent-at-receiver', `the server's capture does not have it: ${quiet.why}`, first),
      exhibit(
        'retransmitted',
        'the server sent its SYN-ACK again, so it had no ACK',
        synAcks.filter((p) => p.sent)[1],
      ),
    ],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
  });
}
