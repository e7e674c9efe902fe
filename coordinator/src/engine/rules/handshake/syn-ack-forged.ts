import type { Packet, Sighting } from '../../facts/packet.js';
import { standsOut } from '../../facts/path.js';
import * as Row from '../../flows/rows.js';
import { saidOrOpen } from '../../grade.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { grade, type Handshake } from './opening.js';

/** The client got a SYN-ACK that the server never sent. */
export function synAckForged(h: Handshake): Draft | null {
  const found = findForeign(h);
  if (!found) return null;
  const { foreign, own, early } = found;
  const { flow } = h;
  const absent = foreign.fate === 'injected';
  const odd = standsOut(flow, foreign);
  const lines = [absent, early, odd, own].filter(Boolean).length;
  if (!absent && !early && lines < 2) return null;
  const baseline = flow.received('toward-client', Row.TTL);
  return draft({
    code: 'syn-ack-forged',
    grade: saidOrOpen(
      grade({
        lines,
        absence: absent ? (foreign.vouching?.level ?? null) : null,
        conclusive: early !== undefined && own !== undefined,
      }),
    ),
    flow,
    direction: 'toward-client',
    sender: 'path',
    blame: 'path',
    at: foreign.received,
    statement: (final) => (final === 'inconclusive' ? OPEN : CLAIM),
    attributes: { ttl: foreign.ttl, serverTtl: baseline >= 0 ? baseline : null, window: foreign.window },
    evidence: [
      absent && exhibit('absent-at-sender', absentText(foreign), foreign),
      own && exhibit('other-answer', "the server's own SYN-ACK has another sequence number", own, foreign),
      early && exhibit('before-syn', 'it reached the client before any SYN reached the server', early),
      odd && exhibit('header', oddText(foreign), foreign),
    ],
    assumptions: absent && foreign.vouching ? [assume(foreign.vouching.level, foreign.vouching.why)] : [],
  });
}

const CLAIM =
  'The client got a SYN-ACK that the server never sent: a device on the path (SYN proxy, transparent proxy) answered in its name.';
const OPEN =
  "The client got a SYN-ACK that the server's capture does not show: a device on the path answered in its name, or that capture missed it.";

const absentText = ({ vouching }: Packet) =>
  `the server's capture does not have this SYN-ACK: ${vouching?.why}`;

const oddText = ({ ttl }: Packet) =>
  `its TTL is ${ttl}: the server's own packets come another number of hops`;

/** A SYN-ACK that may be somebody else's. */
interface Foreign {
  readonly foreign: Packet;
  /** The server's own answer to the same SYN. */
  readonly own: Packet | undefined;
  /** The SYN that it answers, if that reached the server only afterwards. */
  readonly early: Packet | undefined;
}

function findForeign({ flow, synAcks, syns, resets }: Handshake): Foreign | null {
  // A server whose SYN-ACK the client reset answers the SYN's next copy with a number of its own: that refutes nothing.
  const isAnew = (q: Packet) => resets.some((r) => r.toward === 'toward-server' && r.at < q.at);
  const ownBeside = (p: Packet) =>
    synAcks.find(
      (q) => q.sent && q.acknowledgment === p.acknowledgment && q.sequence !== p.sequence && !isAnew(q),
    );
  const foreign = synAcks.find((p) => p.received && !p.sent && (p.fate === 'injected' || ownBeside(p)));
  if (!foreign) return null;
  const early = syns.find(
    (p) =>
      foreign.acknowledgment === (p.sequence + 1) >>> 0 &&
      p.received &&
      foreign.received &&
      flow.isBefore(foreign.received, p.received) &&
      !isLater(p, foreign.received),
  );
  return { foreign, own: ownBeside(foreign), early };
}

/** A copy of the SYN that left after the answer had come tells nothing of whether an earlier one reached the server. */
function isLater({ sent }: Packet, answer: Sighting): boolean {
  return sent !== null && sent.tap === answer.tap && sent.number > answer.number;
}
