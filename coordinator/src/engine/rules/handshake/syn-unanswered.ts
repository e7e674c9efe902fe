import type { Packet } from '../../facts/packet.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';
import { count } from '../words.js';
import { grade, type Handshake } from './opening.js';

/** A server that answers at all answers a SYN within this time; SYN-ACKs come from the kernel, not the application. */
const ANSWER_NS = 500_000_000;

/** SYNs arrived and the server said nothing at all. */
export function synUnanswered(h: Handshake): Draft | null {
  const { flow, syns, synAcks } = h;
  const arrived = syns.filter((p) => p.received && p.sent);
  if (arrived.length === 0 || synAcks.length > 0 || h.resets.length > 0) return null;
  const last = arrived.at(-1) as Packet;
  const first = arrived[0] as Packet;
  const time = first.received?.time ?? 0;
  const word = flow.vouchSilence(flow.receiverTap('toward-server'), time, time + ANSWER_NS);
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
