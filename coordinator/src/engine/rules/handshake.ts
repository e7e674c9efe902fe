import { formatDuration, Tcp } from '@bothends/proto';
import type { FlowFacts } from '../facts/flow-facts.js';
import { lookAlike } from '../facts/orphans.js';
import { isRst, isSyn, isSynAck, type Packet } from '../facts/packet.js';
import { headerMismatch } from '../facts/path.js';
import { controlLine, silenceAbout } from '../facts/silence.js';
import { MAX_ROUND_TRIP_NS } from '../facts/witness.js';
import { type Case, gradeCase } from '../grade.js';
import * as Row from '../match/rows.js';
import { assume, type Draft, draft, exhibit } from './draft.js';
import { quotes } from './resets/shape.js';

/** A server that answers at all answers a SYN within this time; SYN-ACKs come from the kernel, not the application. */
const ANSWER_NS = 500_000_000;

/** What both taps saw of a handshake. */
interface Handshake {
  flow: FlowFacts;
  syns: Packet[];
  synAcks: Packet[];
  /** Packets of the client after the handshake's first step. */
  clientLater: Packet[];
  resets: Packet[];
}

/** Verdicts about how a connection was opened, or was not. */
export function handshake(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || !mayHaveFailed(flow)) return [];
  const all = flow.packets.filter((p) => !p.icmp && !p.copy);
  const h: Handshake = {
    flow,
    syns: all.filter((p) => isSyn(p) && p.toward === 'toward-server'),
    synAcks: all.filter((p) => isSynAck(p) && p.toward === 'toward-client'),
    clientLater: all.filter((p) => p.toward === 'toward-server' && !(p.flags & (Tcp.syn | Tcp.rst))),
    resets: all.filter(isRst),
  };
  if (h.syns.length === 0 && h.synAcks.length === 0) return [];
  for (const rule of [
    synForged,
    synAckForged,
    synLost,
    synUnanswered,
    synAckLost,
    handshakeAckLost,
    acceptStalled,
  ]) {
    const made = rule(h);
    if (made) return restsOnOpen(made) ? [] : [made];
  }
  return [];
}

/** Quick look at the rows: a handshake whose packets all matched and that carried data needs no closer look. */
function mayHaveFailed(flow: FlowFacts): boolean {
  const waiting =
    flow.sent('toward-server', Row.WAITING) +
    flow.received('toward-server', Row.WAITING) +
    flow.sent('toward-client', Row.WAITING) +
    flow.received('toward-client', Row.WAITING);
  return waiting > 0 || (flow.sent('toward-client', Row.BYTES) === 0 && !acknowledgedData(flow));
}

/** While a capture runs: an absence that its tap has yet to report about is no finding yet. */
function restsOnOpen(d: Draft): boolean {
  return (
    d.evidence.some((e) => e.packets.some((p) => p.vouching?.level === 'open')) && d.grade === 'inconclusive'
  );
}

/** The server acknowledged more than the client's SYN: it took the connection. */
function acknowledgedData(flow: FlowFacts): boolean {
  const isn = flow.sent('toward-server', Row.SEQ_BASE);
  const acknowledged = flow.received('toward-client', Row.LAST_ACK);
  return isn >= 0 && acknowledged >= 0 && ((acknowledged - isn) | 0) > 1;
}

const DOUBLE = exhibit(
  'look-alike',
  'at the same moment the other tap saw a SYN just like it under another tuple: an address translation that rewrites numbers too',
);

const noneSent = (packets: readonly Packet[]) => packets.every((p) => p.sent === null);
const noneReceived = (packets: readonly Packet[]) => packets.every((p) => p.received === null);

function grade(parts: Partial<Case> & Pick<Case, 'lines' | 'absence'>) {
  return gradeCase({ conclusive: true, headersOnly: false, counter: 0, ...parts });
}

function synLost(h: Handshake): Draft | null {
  const { flow, syns } = h;
  if (
    syns.length === 0 ||
    noneSent(syns) ||
    !noneReceived(syns) ||
    h.synAcks.length > 0 ||
    h.resets.length > 0
  )
    return null;
  const quiet = silenceAbout(flow, syns);
  const first = syns[0] as Packet;
  const double = lookAlike(flow, first) !== null;
  return draft({
    code: 'syn-lost',
    grade: grade({ lines: quiet.lines + controlLine(flow), absence: quiet.level, counter: double ? 1 : 0 }),
    flow,
    direction: 'toward-server',
    sender: 'client',
    blame: 'path',
    at: first.sent,
    statement: `The client sent ${count(syns.length, 'SYN')} to ${flow.server.address} port ${flow.server.port}; none reached the server: lost on the way there.`,
    attributes: { sent: syns.length, lost: syns.length },
    evidence: [
      exhibit('seen-leaving', `${count(syns.length, 'SYN')} left the client`, ...syns.slice(0, 4)),
      exhibit('absent-at-receiver', `the server's capture has none of them: ${quiet.why}`, first),
    ],
    counter: double ? [DOUBLE] : [],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing:
      quiet.level === 'complete'
        ? []
        : ['a capture at the server that counts drops, and other traffic from the same client in it'],
  });
}

function synUnanswered(h: Handshake): Draft | null {
  const { flow, syns, synAcks } = h;
  const arrived = syns.filter((p) => p.received && p.sent);
  if (arrived.length === 0 || synAcks.length > 0 || h.resets.length > 0) return null;
  const last = arrived.at(-1) as Packet;
  const first = arrived[0] as Packet;
  const time = first.received?.time ?? 0;
  const word = flow.vouch(flow.receiverTap('toward-server'), time, time + ANSWER_NS);
  const again = arrived.length > 1 || syns.length > 1;
  return draft({
    code: 'syn-unanswered',
    grade: grade({ lines: 1 + (again ? 1 : 0) + (arrived.length > 1 ? 1 : 0), absence: word.level }),
    flow,
    direction: 'toward-client',
    sender: null,
    cause: null,
    blame: 'server-host',
    at: first.received,
    statement: `${count(arrived.length, 'SYN')} reached the server and nothing came back out of it: the server's host dropped ${arrived.length > 1 ? 'them' : 'it'} above its tap.`,
    attributes: { arrived: arrived.length, sent: syns.length },
    evidence: [
      exhibit(
        'arrived',
        `${count(arrived.length, 'SYN')} arrived at the server`,
        first,
        last === first ? null : last,
      ),
      exhibit('silence', `no SYN-ACK, no RST left the server: ${word.why}`),
      ...(again ? [exhibit('retransmitted', 'the client asked again, so it got no answer', syns[1])] : []),
    ],
    assumptions: [assume(word.level, word.why)],
    missing: [
      'what dropped it inside the server: firewall counters (nft list ruleset), nstat TcpExtListenOverflows, TcpExtIPReversePathFilter, ss -ltn',
    ],
  });
}

function synAckLost(h: Handshake): Draft | null {
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
      ...(again.length > 0
        ? [
            exhibit(
              'retransmitted',
              'the client sent its SYN again after that, so its TCP had no answer',
              again[0],
            ),
          ]
        : []),
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

function synAckForged(h: Handshake): Draft | null {
  const { flow, synAcks, syns } = h;
  const own = (p: Packet) =>
    synAcks.find((q) => q.sent && q.acknowledgment === p.acknowledgment && q.sequence !== p.sequence);
  const foreign = synAcks.find((p) => p.received && !p.sent && (p.fate === 'injected' || own(p)));
  if (!foreign) return null;
  const serverAnswered = own(foreign) !== undefined;
  const absent = foreign.fate === 'injected';
  const early = syns.find(
    (p) =>
      foreign.acknowledgment === (p.sequence + 1) >>> 0 &&
      p.received &&
      foreign.received &&
      flow.isBefore(foreign.received, p.received),
  );
  const baseline = flow.received('toward-client', Row.TTL);
  const ttls = new Set(
    flow.packets
      .filter((p) => p.toward === 'toward-client' && p.received && !isRst(p))
      .map((p) => p.received?.ttl),
  );
  const lines = [absent, early, ttls.size > 1, serverAnswered].filter(Boolean).length;
  if (!absent && !early && lines < 2) return null;
  return draft({
    code: 'syn-ack-forged',
    grade: grade({
      lines,
      absence: absent ? (foreign.vouching?.level ?? null) : null,
      conclusive: early !== undefined && serverAnswered,
    }),
    flow,
    direction: 'toward-client',
    sender: 'path',
    blame: 'path',
    at: foreign.received,
    statement:
      'The client got a SYN-ACK that the server never sent: a device on the path (SYN proxy, transparent proxy) answered in its name.',
    attributes: { ttl: foreign.ttl, serverTtl: baseline >= 0 ? baseline : null, window: foreign.window },
    evidence: [
      ...(absent
        ? [
            exhibit(
              'absent-at-sender',
              `the server's capture does not have this SYN-ACK: ${foreign.vouching?.why}`,
              foreign,
            ),
          ]
        : []),
      ...(serverAnswered
        ? [
            exhibit(
              'other-answer',
              "the server's own SYN-ACK has another sequence number",
              own(foreign),
              foreign,
            ),
          ]
        : []),
      ...(early
        ? [exhibit('before-syn', 'it reached the client before any SYN reached the server', early)]
        : []),
      ...(ttls.size > 1
        ? [
            exhibit(
              'header',
              `packets in the server's name arrive with different TTLs (${[...ttls].join(', ')})`,
            ),
          ]
        : []),
    ],
    assumptions: absent && foreign.vouching ? [assume(foreign.vouching.level, foreign.vouching.why)] : [],
  });
}

function synForged(h: Handshake): Draft | null {
  const { flow, syns } = h;
  const foreign = syns.find((p) => p.received && !p.sent && p.fate === 'injected');
  if (!foreign || flow.belongs !== 'yes' || syns.some((p) => p.sent) || h.clientLater.some((p) => p.sent))
    return null;
  const refusal = h.resets.find(
    (p) => p.toward === 'toward-server' && p.sent && h.synAcks.some((q) => quotes(p, q)),
  );
  const double = lookAlike(flow, foreign) !== null;
  return draft({
    code: 'syn-forged',
    grade: grade({
      lines: silenceAbout(flow, syns).lines + (headerMismatch(flow, foreign) ? 1 : 0) + (refusal ? 1 : 0),
      absence: foreign.vouching?.level ?? null,
      counter: double ? 1 : 0,
    }),
    flow,
    direction: 'toward-server',
    sender: 'path',
    blame: 'path',
    at: foreign.received,
    statement: `The server got ${count(syns.length, 'SYN')} in the client's name that the client never sent.`,
    attributes: { count: syns.length },
    evidence: [
      exhibit('absent-at-sender', `the client's capture does not have it: ${foreign.vouching?.why}`, foreign),
      ...(refusal
        ? [exhibit('refused', 'the client reset the SYN-ACK: it had asked for nothing', refusal)]
        : []),
    ],
    counter: double ? [DOUBLE] : [],
    assumptions: foreign.vouching ? [assume(foreign.vouching.level, foreign.vouching.why)] : [],
    missing: [
      'whether an address translation or a proxy stands between (a SYN of another tuple at the same moment)',
    ],
  });
}

function handshakeAckLost(h: Handshake): Draft | null {
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

function acceptStalled(h: Handshake): Draft | null {
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

function count(n: number, what: string): string {
  return n === 1 ? `one ${what}` : `${n} ${what}s`;
}
