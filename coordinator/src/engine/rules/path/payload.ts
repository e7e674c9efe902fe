import { Checksum } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import type { Toward } from '../../facts/packet.js';
import * as Row from '../../match/rows.js';
import { type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import { gradeChange, type Pair, pairsWhere, wayText } from './change.js';

/** `payload-altered`: the same segment arrived with other bytes. */
export function payloadAltered(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.filter((toward) => flow.path(toward, Row.ALTERED) > 0).flatMap((toward) => {
    const altered = pairsWhere(flow, toward, ({ packet }) => packet.altered);
    const first = altered[0];
    return first ? [alteredOn(flow, toward, altered, first)] : [];
  });
}

function alteredOn(flow: FlowFacts, toward: Toward, altered: readonly Pair[], first: Pair): Draft {
  const { checksum } = flow.capture.intake.store.records;
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const packets = flow.path(toward, Row.ALTERED);
  const states = new Set(altered.map(({ received }) => checksum[received]));
  const state = states.has(Checksum.ok) ? 'ok' : states.has(Checksum.bad) ? 'bad' : 'unknown';
  return draft({
    code: 'payload-altered',
    grade: gradeChange(),
    flow,
    direction: toward,
    sender: 'path',
    blame: 'path',
    at: first.packet.received,
    statement: `${packets === 1 ? 'A packet' : `${packets} packets`} of the ${sender} arrived at the ${receiver} with other bytes than had left, changed ${wayText(toward)}${MEANING[state]}.`,
    attributes: { packets, checksum: state, matched: flow.path(toward, Row.PAIRS) },
    evidence: [
      exhibit(
        'changed',
        'same numbers and length at both ends, different payload',
        ...altered.slice(0, 4).map((a) => a.packet),
      ),
      exhibit('checksum', EVIDENCE[state], first.packet),
    ],
  });
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
