import { misaddressed } from '../../facts/addressee.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet } from '../../facts/packet.js';
import { placeAssumed, type TapPlace, tapPlace } from '../../facts/tap-place.js';
import * as Row from '../../flows/rows.js';
import { weakest } from '../../grade.js';
import type { Vouch, Vouching } from '../../taps.js';
import { assume, type Draft, draft, exhibit, type FaultKind } from '../draft.js';
import { ASTRAY_REMEDY, count } from '../words.js';
import { grade, type Handshake } from './opening.js';

/** A server that answers at all answers a SYN within this time; SYN-ACKs come from the kernel, not the application. */
const ANSWER_NS = 500_000_000;

const UNANSWERED = {
  code: 'syn-unanswered',
  direction: 'toward-client',
  sender: null,
  cause: null,
  blame: 'server-host',
} as const;

/** By what the server's tap vouches for. A scan finds the same of each of a million flows. */
const LONE: Partial<Record<Vouch, FaultKind>> = {};

/** What `synUnanswered` finds where a single SYN, which arrived, is all that there is of a flow. */
export function loneSynUnanswered(flow: FlowFacts): FaultKind {
  const { level } = silenceAfter(flow, flow.received('toward-server', Row.FIRST_TIME));
  LONE[level] ??= { ...UNANSWERED, grade: grade({ lines: 1, absence: level }) };
  return LONE[level];
}

/** What the server's tap vouches for about its silence after a SYN; `time` on its clock. */
function silenceAfter(flow: FlowFacts, time: number): Vouching {
  return flow.vouchSilence(flow.receiverTap('toward-server'), time, time + ANSWER_NS);
}

/** SYNs arrived and the server said nothing at all. */
export function synUnanswered(h: Handshake): Draft | null {
  const { flow, syns, synAcks } = h;
  const arrived = syns.filter((p) => p.received && p.sent);
  if (arrived.length === 0 || synAcks.length > 0 || h.resets.length > 0) return null;
  const last = arrived.at(-1) as Packet;
  const first = arrived[0] as Packet;
  const word = silenceAfter(flow, first.received?.time ?? 0);
  const again = arrived.length > 1 || syns.length > 1;
  // Of a lone SYN it is not asked: a scan has a million of them, and little is claimed of each (see `loneSynUnanswered`).
  const place = again ? tapPlace(flow, 'server') : null;
  const why = place?.why ?? null;
  const astray = again ? misaddressed(flow, arrived) : null;
  const graded = grade({
    lines: 1 + (again ? 1 : 0) + (arrived.length > 1 ? 1 : 0),
    absence: word.level,
  });
  return draft({
    ...UNANSWERED,
    grade: place?.presumed && !astray ? weakest(graded, 'likely') : graded,
    ...(astray ? { blame: 'path', remedy: ASTRAY_REMEDY } : why ? { blame: 'unknown' } : {}),
    flow,
    at: first.received,
    statement: statementOf(arrived.length, place, astray !== null),
    attributes: { arrived: arrived.length, sent: syns.length },
    evidence: [
      exhibit(
        'arrived',
        `${count(arrived.length, 'SYN')} arrived at the server`,
        first,
        last === first ? null : last,
      ),
      astray !== null && exhibit('misaddressed', astray, first),
      exhibit('silence', `no SYN-ACK, no RST left the server: ${word.why}`),
      again && exhibit('retransmitted', 'the client asked again, so it got no answer', syns[1]),
    ],
    assumptions: [assume(word.level, word.why), ...(place ? placeAssumed(place) : [])],
    missing: [
      'what dropped it inside the server: firewall counters (nft list ruleset), nstat TcpExtListenOverflows, TcpExtIPReversePathFilter, ss -ltn',
    ],
  });
}

function statementOf(arrived: number, place: TapPlace | null, isAstray: boolean): string {
  const syns = count(arrived, 'SYN');
  const it = arrived > 1 ? 'them' : 'it';
  if (isAstray) {
    return `${syns} came past the server's capture in frames for another station, so that the server never took ${it} in: whoever sends ${it} there has a wrong MAC address for it.`;
  }
  if (place?.why) {
    return `${syns} reached the capture at the server's side and nothing came back from there: ${place.behind} dropped ${it}.`;
  }
  const silence = `${syns} reached the server and nothing came back out of it`;
  return place?.presumed
    ? `${silence}: dropped at its tap or behind it, by the server's host unless that capture was taken before it.`
    : `${silence}: the server's host dropped ${it} above its tap.`;
}
