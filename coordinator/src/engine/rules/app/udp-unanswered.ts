import type { FlowFacts } from '../../facts/flow-facts.js';
import { lostInPart } from '../../facts/loss.js';
import type { Toward } from '../../facts/packet.js';
import { placeAssumed, tapPlace } from '../../facts/tap-place.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import type { Vouching } from '../../taps.js';
import { assume, type Draft, draft, exhibit } from '../draft.js';

/** A peer that answers datagrams at all does so within this time, or its client has given up, ns. */
const ANSWER_NS = 1_000_000_000;

/** A capture that shows no more than this much of the silence says only `possible`; most services answer sooner, ns. */
const SHORT_ANSWER_NS = 200_000_000;

/** Datagrams closer together than this on average are no questions that wait for answers (RTP: 20 ms), ns. */
const CADENCE_NS = 200_000_000;

/** More datagrams than this without an answer are a stream that expects none (syslog, RTP, statistics). */
const STREAM = 100;

/** Services that nobody answers: discard, syslog, SNMP traps, NetFlow, IPFIX, statsd, sFlow. */
const ONE_WAY_PORTS: ReadonlySet<number> = new Set([9, 514, 162, 2055, 4739, 8125, 6343, 9995, 9996]);

/** `udp-unanswered`: the datagrams reach a host, and nothing comes back out of it. */
export function udpUnanswered(flow: FlowFacts): Draft[] {
  const sent = flow.sent('toward-server', Row.SEGMENTS);
  // The fragments of a datagram count once, and not at all where some are missing: nobody can answer it then.
  const arrived = flow.received('toward-server', Row.SEGMENTS) - brokenToward(flow, 'toward-server');
  const answers = flow.sent('toward-client', Row.PACKETS) + flow.received('toward-client', Row.PACKETS);
  if (arrived <= 0 || answers > 0 || sent > STREAM || arrived > STREAM) return [];
  if (ONE_WAY_PORTS.has(flow.server.port) || isGroup(flow.server.address)) return [];
  if (flow.path('toward-server', Row.PAIRS) === 0) return [];
  const silence = silenceOf(flow);
  return silence ? [verdict(flow, sent, arrived, silence)] : [];
}

/** How long the server's tap vouches for its host's silence. */
interface Silence {
  readonly word: Vouching;
  /** As long as a client usually waits. */
  readonly long: boolean;
}

/** What became of `arrived` of the `sent` datagrams. */
function verdict(flow: FlowFacts, sent: number, arrived: number, { word, long }: Silence): Draft {
  const packets = flow.packets.filter((p) => p.toward === 'toward-server' && p.received && !p.icmp);
  const unquoted = flow.capture.taps.reduce((sum, tap) => sum + tap.unquoted, 0);
  // One line: no answer leaves. Another: none arrives, which is another tap's word.
  const graded = gradeCase({
    lines: arrived > 1 ? 3 : 2,
    conclusive: false,
    absence: word.level,
    headersOnly: false,
    counter: unquoted,
  });
  const what = arrived === 1 ? 'A datagram' : `${arrived} datagrams`;
  const place = tapPlace(flow, 'server');
  const where = place.why
    ? `the capture before ${flow.server.address} port ${flow.server.port} and nothing came back from there`
    : `${flow.server.address} port ${flow.server.port} and nothing came back out of that host`;
  return draft({
    code: 'udp-unanswered',
    // Packets do not show whether this protocol answers at all.
    grade: weakest(graded, long && !isStream(flow) ? 'likely' : 'possible'),
    flow,
    direction: 'toward-client',
    blame: place.why ? 'unknown' : 'server-host',
    at: packets[0]?.received ?? null,
    statement: `${what} reached ${where}: no answer${unquoted > 0 ? '' : ', no ICMP error'}.`,
    attributes: { arrived, sent },
    evidence: [
      exhibit('arrived', `${what} arrived at the server's host`, ...packets),
      exhibit('silence', `nothing left it: ${word.why}`),
      exhibit('no-answer', 'nothing reached the client'),
    ],
    counter: [
      unquoted > 0 &&
        exhibit(
          'unquoted',
          `${unquoted} ICMP errors were cut off before the packet that they quote: one may be about this flow`,
        ),
    ],
    assumptions: [
      assume(word.level, word.why),
      ...placeAssumed(place),
      { text: `the protocol on port ${flow.server.port} answers its datagrams`, checked: false },
    ],
    missing: [
      'what became of them inside the server: nstat UdpNoPorts UdpRcvbufErrors, ss -ulnp, nft list ruleset',
    ],
  });
}

function brokenToward(flow: FlowFacts, toward: Toward): number {
  if (flow.sent(toward, Row.WAITING) === 0) return 0;
  return lostInPart(flow.packets.filter((p) => p.toward === toward && p.sent && !p.received && !p.icmp));
}

/** The silence after the first datagram; null where it is not long enough to tell anything. */
function silenceOf(flow: FlowFacts): Silence | null {
  const first = flow.received('toward-server', Row.FIRST_TIME);
  for (const wait of [ANSWER_NS, SHORT_ANSWER_NS]) {
    const word = flow.vouchSilence(flow.receiverTap('toward-server'), first, first + wait);
    if (word.level !== 'failed' && word.level !== 'open') return { word, long: wait === ANSWER_NS };
  }
  return null;
}

function isStream(flow: FlowFacts): boolean {
  const gaps = flow.received('toward-server', Row.PACKETS) - 1;
  const span = flow.received('toward-server', Row.LAST_TIME) - flow.received('toward-server', Row.FIRST_TIME);
  return gaps >= FEW && span / gaps < CADENCE_NS;
}

/** Fewer datagrams than this have no cadence. */
const FEW = 5;

/** Multicast (224.0.0.0/4, ff00::/8) and limited broadcast: whoever hears it need not answer. */
function isGroup(address: string): boolean {
  if (address.includes(':')) return address.startsWith('ff');
  const first = Number(address.split('.')[0]);
  return first >= 224;
}
