import { formatDuration, NS_PER_S } from '@bothends/proto';
import { misaddressed } from '../../facts/addressee.js';
import { BOTH_WAYS, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import type { Packet, Sighting, Toward } from '../../facts/packet.js';
import { placeAssumed, type TapPlace, tapPlace } from '../../facts/tap-place.js';
import * as Row from '../../flows/rows.js';
import { gradeCase } from '../../grade.js';
import { assume, type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';
import { ASTRAY_REMEDY } from '../words.js';

/** A TCP that has data acknowledges it within 500 ms (RFC 9293, 3.8.6.3); twice that is silence. */
const SILENCE_NS = NS_PER_S;

/** Unanswered packets with data that must arrive: one can be the last before the capture ended. */
const LEAST_ARRIVED = 2;

/**
 * `peer-silent`: on an established connection packets arrive at one host and nothing comes back out of it, or nothing
 * but its own data again, which never acknowledges what arrived.
 */
export function peerSilent(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || flow.flowWord(Row.RESETS) > 0) return [];
  return BOTH_WAYS.flatMap((toward) => {
    if (!isEstablished(flow, toward) || flow.sent(toward, Row.REPEATS) < LEAST_ARRIVED - 1) return [];
    return silentToward(flow, toward);
  });
}

/** Both ends spoke after the handshake, or it was there before the captures began. */
function isEstablished(flow: FlowFacts, toward: Toward): boolean {
  const back = opposite(toward);
  if (flow.path(toward, Row.PAIRS) === 0 || flow.path(back, Row.PAIRS) === 0) return false;
  return flow.sent(back, Row.PACKETS) > 1 || flow.sent(back, Row.SYN_OPTIONS) < 0;
}

function silentToward(flow: FlowFacts, toward: Toward): Draft[] {
  const arrived = flow.packets.filter(
    (p) => p.toward === toward && p.received && p.length > 0 && isUnanswered(flow, p),
  );
  const first = arrived[0]?.received;
  const last = arrived.at(-1)?.received;
  if (!first || !last || arrived.length < LEAST_ARRIVED || last.time - first.time < SILENCE_NS) return [];
  const out = flow.packets.filter(
    (p) => p.toward === opposite(toward) && leftAfter(flow, p, first) && !p.icmp,
  );
  // An ACK without data, or anything that its own tap does not have, is an answer.
  if (out.some((p) => !p.sent || p.length === 0 || !p.repeat)) return [];
  return [verdict(flow, toward, arrived, { lasted: last.time - first.time, out })];
}

/** Neither tap has seen an ACK that covers its last byte, whenever. */
function isUnanswered(flow: FlowFacts, p: Packet): boolean {
  const back = opposite(p.toward);
  const word =
    p.seenBy === flow.senderTap(p.toward) ? flow.received(back, Row.LAST_ACK) : flow.sent(back, Row.LAST_ACK);
  return word >= 0 && ((p.sequence + p.length - word) | 0) > 0;
}

/** Left the silent host after a moment there; also what its tap missed and the other end got. */
function leftAfter(flow: FlowFacts, p: Packet, moment: Sighting): boolean {
  if (p.sent) return p.sent.time > moment.time;
  return p.received !== null && flow.isBefore(moment, p.received) && !p.copy;
}

/** What came out of the silent host: nothing, or its own data again. */
interface Silence {
  lasted: number;
  out: Packet[];
}

function verdict(
  flow: FlowFacts,
  toward: Toward,
  arrived: readonly Packet[],
  { lasted, out }: Silence,
): Draft {
  const deaf = out.length > 0;
  const [asker, silent] = [senderOf(toward), receiverOf(toward)];
  const place = tapPlace(flow, silent);
  const astray = misaddressed(flow, arrived);
  const first = arrived[0] ?? null;
  const again = arrived.find((p) => p.repeat);
  const start = first?.received?.time ?? 0;
  const word = flow.vouch(flow.receiverTap(toward), start, start + lasted);
  return draft({
    code: 'peer-silent',
    grade: gradeCase({
      lines: 2 + (again ? 1 : 0),
      conclusive: again !== undefined,
      absence: word.level,
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: opposite(toward),
    sender: silent,
    blame: astray ? 'path' : place.why ? 'unknown' : hostOf(silent),
    at: first?.received ?? null,
    statement: astray
      ? astrayStatement(arrived.length, toward, lasted)
      : statementOf(arrived.length, toward, { lasted, out }, place),
    remedy: astray ? ASTRAY_REMEDY : null,
    attributes: { arrived: arrived.length, silentMs: Math.round(lasted / 1e6) },
    evidence: [
      exhibit(
        'arrived',
        `these arrived at the ${place.why ? `capture at the ${silent}'s side` : silent}`,
        ...arrived.slice(0, 4),
      ),
      astray !== null && exhibit('misaddressed', astray, ...arrived.slice(0, 2)),
      exhibit(
        'silence',
        `${deaf ? 'only old data with an old ACK' : 'nothing of this connection'} ${place.why ? 'came back from there' : `left the ${silent}`} after that: ${word.why}`,
        ...out.slice(0, 2),
      ),
      exhibit('nothing-received', `and nothing that answers came to the ${asker} either`),
      again && exhibit('retransmitted', `the ${asker} sent again, so its TCP got no answer`, again),
    ],
    assumptions: [
      assume(word.level, word.why),
      { text: `the ${silent} answers by an interface that was captured`, checked: false },
      ...placeAssumed(place),
    ],
    missing: [
      `what swallows them inside the ${silent}: firewall counters, \`ss -tin\`, whether the host is frozen`,
    ],
  });
}

function astrayStatement(arrived: number, toward: Toward, lasted: number): string {
  const [asker, silent] = [senderOf(toward), receiverOf(toward)];
  return `${arrived} packets of the ${asker} came past the ${silent}'s capture over ${formatDuration(lasted)} in frames for another station, so that the ${silent} never took them in: whoever sends them there has a wrong MAC address for it.`;
}

function statementOf(arrived: number, toward: Toward, { lasted, out }: Silence, place: TapPlace): string {
  const [asker, silent] = [senderOf(toward), receiverOf(toward)];
  const isBeside = place.why !== null;
  const reached = `${arrived} packets of the ${asker} reached the ${isBeside ? `capture at the ${silent}'s side` : silent} over ${formatDuration(lasted)}`;
  const answer =
    out.length > 0
      ? `${isBeside ? `the ${silent}` : 'it'} acknowledged none of them, it only sent its own data again`
      : `nothing came back ${isBeside ? 'from there' : 'out of it'}, not even an ACK`;
  const delivers = isBeside ? 'the path delivers that far' : 'the path delivers';
  return `${reached} and ${answer}: ${delivers}, ${place.behind} does not take in what arrives.`;
}
