import { Checksum } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import { gradePairs, pairsWhere, wayText } from './change.js';

/** A larger share of wrong checksums is the receiver's own capture (offload), not the path. */
const MOST_BAD = 0.5;

/** What shows that a direction's payload was changed on the way. */
interface Alteration {
  packets: number;
  checksum: 'ok' | 'bad' | 'unknown';
  examples: Packet[];
}

/** `payload-altered`: the same segment arrived with other bytes. */
export function payloadAltered(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.flatMap((toward) => {
    const found = differing(flow, toward) ?? damaged(flow, toward);
    return found ? [altered(flow, toward, found)] : [];
  });
}

/** Packets whose payload digests differ between the taps. */
function differing(flow: FlowFacts, toward: Toward): Alteration | null {
  const packets = flow.path(toward, Row.ALTERED);
  if (packets === 0) return null;
  const pairs = pairsWhere(flow, toward, ({ packet }) => packet.altered);
  const { checksum } = flow.capture.intake.store.records;
  const states = new Set(pairs.map(({ received }) => checksum[received]));
  const state = states.has(Checksum.ok) ? 'ok' : states.has(Checksum.bad) ? 'bad' : 'unknown';
  return { packets, checksum: state, examples: pairs.map((pair) => pair.packet) };
}

/** Packets that arrive with a wrong checksum: bytes beyond the digest, or inside a super-packet, were damaged. */
function damaged(flow: FlowFacts, toward: Toward): Alteration | null {
  const packets = flow.received(toward, Row.BAD_CHECKSUMS);
  if (packets === 0 || packets > MOST_BAD * flow.received(toward, Row.PACKETS)) return null;
  const { checksum } = flow.capture.intake.store.records;
  const pairs = pairsWhere(flow, toward, ({ received }) => checksum[received] === Checksum.bad);
  return pairs.length === 0 ? null : { packets, checksum: 'bad', examples: pairs.map((pair) => pair.packet) };
}

function altered(flow: FlowFacts, toward: Toward, { packets, checksum, examples }: Alteration): Draft {
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const doubts = mayBeMispaired(flow, toward, packets)
    ? [exhibit('few-agree', FEW_AGREE, ...examples.slice(0, 2))]
    : [];
  return draft({
    code: 'payload-altered',
    grade: gradePairs(flow, doubts.length),
    flow,
    direction: toward,
    sender: 'path',
    blame: 'path',
    at: examples[0]?.received ?? null,
    statement: `${packets === 1 ? 'A packet' : `${packets} packets`} of the ${sender} arrived at the ${receiver} with other bytes than had left, changed ${wayText(toward)}${MEANING[checksum]}.`,
    attributes: { packets, checksum, matched: flow.path(toward, Row.PAIRS) },
    evidence: [
      exhibit('changed', 'same numbers and length at both ends, different payload', ...examples.slice(0, 4)),
      exhibit('checksum', EVIDENCE[checksum], examples[0]),
    ],
    counter: doubts,
  });
}

const FEW_AGREE =
  'the path rewrites numbers, and the payload does not agree: these packets may not belong together';

/**
 * Where sequence numbers or time stamps are rewritten, only payload ties packets together, and here it does not. Nor does an
 * id tie datagrams together that the path numbers anew.
 */
function mayBeMispaired(flow: FlowFacts, toward: Toward, packets: number): boolean {
  if (flow.protocol === 'udp' && flow.path(toward, Row.ID_CHANGED) > 0) return true;
  const rewritten = flow.path(toward, Row.SEQ_DELTA) !== 0 || flow.path(toward, Row.TS_KEPT) === 0;
  return rewritten && packets > MOST_BAD * flow.path(toward, Row.PAIRS);
}

/** What the checksum at the receiver says. The sender's own is filled in after its tap and never judged. */
const MEANING = {
  ok: '; their checksums are right, so a device rewrote them and TCP cannot notice',
  bad: '; their checksums are wrong, so they were damaged on a link and TCP drops them',
  unknown: '',
} as const;

const EVIDENCE = {
  ok: 'the checksum on arrival is right for the new bytes: recomputed after the change',
  bad: 'the checksum on arrival is wrong: damage on the wire or in a card',
  unknown: 'the captures do not hold enough of the packets to verify the checksum on arrival',
} as const;
