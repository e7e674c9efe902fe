import { Tcp } from '@bothends/proto';
import { isFin, isRst, isSyn, isSynAck, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { exhibit, senderOf } from '../draft.js';
import { answererOf } from './answerer.js';
import type { Cause, ResetCase } from './cases.js';
import { halfOpen } from './half-open.js';
import { timeAt } from './shape.js';

/** Keepalive probes unanswered before a stack gives up; Linux's default is 9, the least that means anything is 2. */
const KEEPALIVE_PROBES = 2;

/** The cause of a RST that its alleged sender did send. */
export function causeOf(c: ResetCase, earlier: readonly ResetCase[]): Cause {
  if (c.shape === 'active') return activeCause(c);
  const { trigger } = c;
  if (c.shape === 'reply' && trigger) return replyCause(c, trigger, earlier);
  if (c.shape === 'reply' && wasReset(c, earlier)) return echo();
  return {
    name: 'unknown',
    text: 'reset the connection',
    grade: 'possible',
    evidence: [],
    open: 'the packet that brought it about is not in the captures',
  };
}

function replyCause(c: ResetCase, trigger: Packet, earlier: readonly ResetCase[]): Cause {
  if (isSyn(trigger)) return noListener(c, trigger);
  if (isStray(c, trigger)) return unNattedStray(trigger);
  if (
    isSynAck(trigger) &&
    !earlier.some((e) => e.rst.toward !== c.rst.toward && e.effect === 'took-effect')
  ) {
    return refusedHandshake(c, trigger);
  }
  if (wasReset(c, earlier)) return echo();
  if (c.livesOn) return localFirewall(c, c.livesOn);
  const own = packetsOfSenderBefore(c);
  const syn = own.find((p) => isSyn(p));
  const opening = own.filter((p) => p.flags & Tcp.syn && !(p.flags & Tcp.ack)).at(-1);
  if (opening && syn && !own.some((p) => !(p.flags & Tcp.syn) && p.at > opening.at))
    return oldNumbers(trigger, opening);
  const fin = own.find(isFin);
  if (fin) return closedEarlier(fin, trigger);
  if (own.some(isSynAck) && saidNothing(c) && isFirstAck(c, trigger)) return queueFull(c, trigger, own);
  return halfOpen(c, trigger, own);
}

/** The trigger may be a SYN-ACK that was held up on the way, or sent again, and came when all was over. */
function closedEarlier(fin: Packet, trigger: Packet): Cause {
  return {
    name: 'closed-earlier',
    text: 'had closed the connection already and answered what still came',
    grade: 'strong',
    evidence: [
      exhibit('closed-before', 'it had sent its FIN', fin),
      exhibit('trigger', 'then this arrived', trigger),
    ],
    open: null,
  };
}

function noListener(c: ResetCase, trigger: Packet): Cause {
  const answerer = answererOf(c.flow, c.rst, trigger);
  const evidence = [
    exhibit('trigger', 'it answers this SYN: sequence number 0, ACK of exactly the SYN', trigger, c.rst),
    ...(answerer ? [answerer.evidence] : []),
  ];
  if (answerer?.who === 'rule') {
    return {
      name: 'local-firewall',
      text: 'refused the connection by a local firewall rule (REJECT), not by its TCP stack',
      grade: 'likely',
      evidence,
      open: 'the rules of that host',
    };
  }
  const sure = answerer?.who === 'stack';
  return {
    name: 'no-listener',
    text: `refused the connection: nothing listens on that port${sure ? '' : ', or a REJECT rule of its own firewall answered'}`,
    grade: sure ? 'strong' : 'likely',
    evidence,
    open: sure
      ? null
      : 'which of the two: `ss -ltn` and the counters of REJECT rules on that host; on the wire they look the same',
  };
}

function echo(): Cause {
  return {
    name: 'half-open',
    text: 'answered a packet for a connection that an earlier RST had already ended',
    grade: 'strong',
    evidence: [],
    open: null,
  };
}

/**
 * This packet came to the RST's host by another tuple than the rest of the connection: without its translation. Where that
 * host spoke for itself, its own packets tell which tuple it knows; a SYN-ACK that strays has none before it.
 */
function isStray(c: ResetCase, trigger: Packet): boolean {
  const tap = c.flow.senderTap(c.rst.toward);
  if (trigger.received?.tap !== tap) return false;
  const own = c.flow.packets.filter(
    (p) => p.toward === c.rst.toward && p.sent?.tap === tap && !isRst(p) && !p.icmp,
  );
  const others = c.flow.packets.filter(
    (p) => p !== trigger && p.toward === trigger.toward && p.received?.tap === tap,
  );
  const known = own.length > 0 ? own : others;
  return known.length > 0 && known.every((p) => p.translated[tap] !== trigger.translated[tap]);
}

function unNattedStray(trigger: Packet): Cause {
  return {
    name: 'un-natted-stray',
    text: 'got a packet of the connection without address translation, knows no such connection, and said so',
    grade: 'strong',
    evidence: [
      exhibit(
        'stray',
        'this packet went by another tuple than the connection; its numbers are the connection’s',
        trigger,
      ),
    ],
    open: null,
  };
}

function refusedHandshake(c: ResetCase, trigger: Packet): Cause {
  const before = packetsOfSenderBefore(c);
  const syns = before.filter(isSyn);
  const isn = syns.at(-1)?.sequence;
  const expected = isn !== undefined && trigger.acknowledgment === (isn + 1) >>> 0;
  if (isn !== undefined && !expected) {
    return {
      name: 'half-open',
      text: 'got a SYN-ACK for another attempt than its own and reset that one',
      grade: 'strong',
      evidence: [
        exhibit(
          'trigger',
          `this SYN-ACK acknowledges ${trigger.acknowledgment}, not its SYN`,
          trigger,
          syns.at(-1),
        ),
      ],
      open: null,
    };
  }
  const fin = expected ? before.find(isFin) : undefined;
  if (fin) return closedEarlier(fin, trigger);
  return {
    name: 'late-syn-ack',
    text: expected
      ? 'had given up on the connection before the SYN-ACK came'
      : 'got a SYN-ACK for a connection that it never asked for',
    grade: expected ? 'strong' : 'likely',
    evidence: [exhibit('trigger', 'it answers this SYN-ACK', trigger)],
    open: expected ? 'the application’s connect timeout' : 'who sent the SYN',
  };
}

function oldNumbers(trigger: Packet, syn: Packet): Cause {
  return {
    name: 'half-open',
    text: 'opened a connection on a tuple that the other end still held, got an ACK with the old numbers, and reset the old one',
    grade: 'strong',
    evidence: [exhibit('trigger', `after its SYN came an ACK of an older connection`, syn, trigger)],
    open: null,
  };
}

function localFirewall(c: ResetCase, living: Packet): Cause {
  return {
    name: 'local-firewall',
    text: 'sent it below its TCP, which went on with the connection: a local firewall rule (REJECT) answered',
    grade: 'likely',
    evidence: [exhibit('sender-lives-on', 'its TCP kept the connection after the RST', living)],
    open: `the rules of the ${senderOf(c.rst.toward)}'s host (counters of its REJECT rules)`,
  };
}

/** The trigger is the first packet of the client after its SYNs: the ACK that should have completed the handshake. */
function isFirstAck(c: ResetCase, trigger: Packet): boolean {
  const arrived = c.flow.packets.filter(
    (p) => p.toward === trigger.toward && p.received && !(p.flags & Tcp.syn) && !p.icmp,
  );
  return arrived.every(
    (p) => p === trigger || !p.received || !trigger.received || p.received.number > trigger.received.number,
  );
}

/** No byte of the RST's sender was seen at either end. */
function saidNothing(c: ResetCase): boolean {
  return c.flow.sent(c.rst.toward, Row.BYTES) === 0 && c.flow.received(c.rst.toward, Row.BYTES) === 0;
}

function queueFull(c: ResetCase, trigger: Packet, own: readonly Packet[]): Cause {
  const synAck = own.find(isSynAck);
  return {
    name: 'accept-queue-full',
    text: 'completed the handshake and reset it at once, as a full accept queue does with tcp_abort_on_overflow',
    grade: 'likely',
    evidence: [
      exhibit('trigger', 'SYN-ACK, then this, then RST without a byte of data', synAck, trigger, c.rst),
    ],
    open: 'ListenOverflows of that host (nstat -az TcpExtListenOverflows); a listener closed in between looks the same',
  };
}

function activeCause(c: ResetCase): Cause {
  const probes = keepaliveProbes(c);
  if (probes.length >= KEEPALIVE_PROBES) {
    return {
      name: 'keepalive-expired',
      text: `gave up after ${probes.length} keepalive probes without an answer`,
      grade: 'strong',
      evidence: [
        exhibit(
          'probes',
          'keepalive probes one byte below its next sequence number, none answered',
          ...probes,
        ),
      ],
      open: null,
    };
  }
  return {
    name: 'abort',
    text: 'aborted the connection: its application closed it with data unread, or with linger 0, or was killed so',
    grade: 'strong',
    evidence: [
      exhibit(
        'active-shape',
        'RST with ACK and the numbers and window of the connection itself, as a stack aborts its own',
        c.rst,
      ),
    ],
    open: 'which of these it was: kernel events (tcp_send_reset) or the application’s log',
  };
}

/** The latest packets of the RST's sender: probes one byte below what it had sent, the other end silent since. */
function keepaliveProbes(c: ResetCase): Packet[] {
  const { rst, flow } = c;
  const tap = flow.senderTap(rst.toward);
  const probes: Packet[] = [];
  const before = flow.packets.filter(
    (p) => p !== rst && p.at <= rst.at && !p.icmp && timeAt(p, tap) !== null,
  );
  for (const p of before.reverse()) {
    if (p.toward !== rst.toward || p.length > 1 || isRst(p)) break;
    if (p.sequence !== (rst.sequence - 1) >>> 0) break;
    probes.push(p);
  }
  return probes;
}

/** True when the RST's sender had itself been reset, or had aborted, before. */
function wasReset(c: ResetCase, earlier: readonly ResetCase[]): boolean {
  return earlier.some((e) => {
    if (e.rst.toward === c.rst.toward) return e.shape === 'active' && e.origin === 'sender';
    return e.effect === 'took-effect';
  });
}

function packetsOfSenderBefore(c: ResetCase): Packet[] {
  return c.flow.packets.filter(
    (p) => p.toward === c.rst.toward && p.at < c.rst.at && p.sent !== null && !isRst(p) && !p.icmp,
  );
}
