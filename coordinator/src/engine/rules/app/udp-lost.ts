import { type Control, controlOf, isSignificant } from '../../facts/control.js';
import { bothRecords } from '../../facts/counterpart.js';
import { BOTH_WAYS, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import { lossOf, lostInPart } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { silenceAbout } from '../../facts/silence.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakest } from '../../grade.js';
import { comparablePayloads } from '../../match/identity.js';
import { assume, type Draft, draft, type Exhibit, exhibit, receiverOf, senderOf } from '../draft.js';
import { share } from '../loss/share.js';
import { carriesClaim } from '../words.js';
import { errorSender, isQuoted } from './icmp-error.js';

/** A tap that misses at least a third as much as the path seems to lose is no witness of that loss. */
const TAP_SHARE = 1 / 3;

/** `udp-lost`: datagrams left one host and did not reach the other; one finding for each direction. */
export function udpLost(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.flatMap((toward) => {
    if (flow.sent(toward, Row.WAITING) === 0) return [];
    const made = lostToward(flow, toward);
    return made ? [made] : [];
  });
}

function lostToward(flow: FlowFacts, toward: Toward): Draft | null {
  const { sent, lost, data } = lossOf(flow, toward);
  if (lost === 0) return null;
  const partly = lostInPart(data);
  const control = controlOf(flow, toward);
  const seenBack = control.found + control.missing.length;
  // Nothing makes UDP datagrams arrive that nobody sent: each such one is a packet that the same tap missed.
  const tapMisses = seenBack === 0 ? 0 : control.missing.length / seenBack;
  if (tapMisses > 0 && tapMisses >= (lost / sent) * TAP_SHARE) return null;
  const quiet = silenceAbout(flow, data);
  const delivered = flow.path(toward, Row.PAIRS);
  const telling = tellsApart(flow, opposite(toward));
  const proven = telling && isSignificant(control, lost, sent);
  const blind = doubtOf(flow, toward, data);
  const counted = quiet.level === 'complete';
  const graded = gradeCase({
    // That others arrived shows a tap at work; against its own losses only a drop count or the control helps.
    lines:
      1 +
      (proven ? 1 : 0) +
      (delivered > 0 && (counted || (telling && isBeyondChance(control, lost, sent))) ? 1 : 0),
    conclusive: counted,
    absence: quiet.level,
    headersOnly: false,
    counter: control.missing.length + (blind ? 1 : 0),
  });
  const [from, to] = [senderOf(toward), receiverOf(toward)];
  // A host that answered a datagram by an ICMP error had it, whatever its capture says.
  const grade = isRefuted(flow, data) ? weakest(graded, 'inconclusive') : graded;
  return draft({
    code: 'udp-lost',
    grade,
    flow,
    direction: toward,
    sender: from,
    cause: partly === lost ? 'fragments' : null,
    blame: 'path',
    at: data[0]?.sent ?? null,
    statement: (final) =>
      `${share(lost, sent, 'datagram')} that left the ${from} ${fateText(lost, partly, carriesClaim(final), to)}.`,
    attributes: { sent, lost, ...(partly > 0 ? { inPart: partly } : {}) },
    evidence: [
      exhibit('absent-at-receiver', `the ${to}'s capture does not have them: ${quiet.why}`, ...data),
      partly > 0 &&
        exhibit(
          'fragments',
          `of ${partly} of them it has some fragments; without the others they are of no use`,
        ),
      delivered > 0 && exhibit('control', `${delivered} packets of the same flow and direction arrived`),
      proven &&
        exhibit(
          'control',
          `all ${control.found} packets that the ${to} sent are in its capture: it misses none`,
        ),
    ],
    counter: [...missedByTap(control.missing, to), blind],
    assumptions: [assume(quiet.level ?? 'complete', quiet.why)],
    missing: counted ? [] : [`a drop count of the ${to}'s capture`],
  });
}

/** Why the silence of the receiver's capture may mean something else than loss; null where nothing speaks for that. */
function doubtOf(flow: FlowFacts, toward: Toward, lost: readonly Packet[]): Exhibit | null {
  if (isBlind(flow, toward)) return BLIND;
  if (saysTheSame(flow, toward, lost)) return SAME;
  const tap = flow.capture.taps[flow.receiverTap(toward)];
  const isFile = tap.coverage?.openedNs == null;
  return isFile && tap.packets > 0 && !tap.hears && !flow.capture.vouchComplete ? ONE_WAY : null;
}

const ONE_WAY = exhibit(
  'one-way',
  'that capture holds nothing at all that came to its host, of any flow: it may have taken one direction only',
);

/** What became of the lost datagrams, in words. */
function fateText(lost: number, partly: number, sure: boolean, to: string): string {
  if (partly === lost) {
    return sure
      ? `reached the ${to} without some of ${lost === 1 ? 'its' : 'their'} fragments: those were lost on the path`
      : `${lost === 1 ? 'lacks' : 'lack'} fragments in the ${to}'s capture: lost on the path, or missed by that capture`;
  }
  if (sure) return `never reached the ${to}${partly > 0 ? ' whole' : ''}: lost on the path`;
  return `${lost === 1 ? 'is' : 'are'} not in the ${to}'s capture: lost on the path, or missed by that capture`;
}

/**
 * Whether a datagram of a direction can be recognised, by its IP id or its payload. Of datagrams that are all
 * alike, as many are paired as both taps have: one that a tap missed makes up for one that the path lost, and
 * none seems to be missing.
 */
function tellsApart(flow: FlowFacts, toward: Toward): boolean {
  if (isNumbered(flow, toward)) return true;
  const { digestHigh, digestLength } = flow.capture.intake.store.records;
  const payloads = flow.packets
    .filter((p) => p.toward === toward && !p.icmp && !p.copy && (digestLength[p.record] ?? 0) > 0)
    .map((p) => digestHigh[p.record]);
  return payloads.length > 1 && new Set(payloads).size === payloads.length;
}

/** Its datagrams bear IP ids, which the path keeps. */
function isNumbered(flow: FlowFacts, toward: Toward): boolean {
  const ids = [flow.sent(toward, Row.IP_ID), flow.received(toward, Row.IP_ID)];
  return ids.every((id) => id >= 0) && flow.path(toward, Row.ID_CHANGED) === 0;
}

/** Without ids and with payloads cut at different lengths, one datagram cannot be told from the next of its size. */
function isBlind(flow: FlowFacts, toward: Toward): boolean {
  const { records } = flow.capture.intake.store;
  return flow.packets.some((p) => {
    const both = p.toward === toward && p.ipId === 0 ? bothRecords(flow, p) : null;
    return both !== null && !comparablePayloads(records, both.sent, both.received);
  });
}

const BLIND = exhibit(
  'alike',
  'these datagrams carry no IP id, and the captures cut their payloads at different lengths: which of them is missing is a guess',
);

/**
 * Behind address translation, datagrams without an id are recognised by payload alone, and here several have the
 * same.
 */
function saysTheSame(flow: FlowFacts, toward: Toward, lost: readonly Packet[]): boolean {
  if (flow.serverView === null || isNumbered(flow, toward)) return false;
  const { digestHigh } = flow.capture.intake.store.records;
  return new Set(lost.map((p) => digestHigh[p.record])).size < lost.length;
}

const SAME = exhibit(
  'alike',
  'addresses are translated on the way, no IP id tells these datagrams apart, and several say the same: some may have arrived under the other tuple',
);

/**
 * A tap that misses packets of both directions alike would have spared all of the other direction with less than this
 * chance: captures are many, and `strong` must not be wrong in one of a hundred of them.
 */
const CHANCE = 0.001;

function isBeyondChance(control: Control, lost: number, sent: number): boolean {
  return control.missing.length === 0 && (sent / (sent + control.found)) ** lost < CHANCE;
}

function isRefuted(flow: FlowFacts, lost: readonly Packet[]): boolean {
  return flow.packets.some((error) =>
    lost.some((p) => isQuoted(p, error) && errorSender(flow, error) !== 'path'),
  );
}

function missedByTap(missing: readonly Packet[], to: string) {
  if (missing.length === 0) return [];
  return [
    exhibit(
      'tap-missed',
      `${missing.length} datagrams of the ${to} arrived that its own capture does not have`,
      ...missing,
    ),
  ];
}
