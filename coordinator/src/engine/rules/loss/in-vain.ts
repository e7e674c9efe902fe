import { formatDuration } from '@bothends/proto';
import { type FlowFacts, opposite } from '../../facts/flow-facts.js';
import { CUT_NS, LEAST_CUT } from '../../facts/loss.js';
import { isRst, type Packet, type Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';

/**
 * A `data-loss` that cannot be decided: the last data of a connection was sent again and again and never acknowledged, and
 * the receiver's capture does not cover that moment. A file ends with its last packet, so that one which nothing reaches any
 * more ends as the fault begins.
 */
export function sentInVain(flow: FlowFacts, toward: Toward): Draft[] {
  if (flow.sent(toward, Row.WAITING) === 0 || flow.sent(toward, Row.REPEATS) < LEAST_CUT - 1) return [];
  const last = flow.packets.filter((p) => p.toward === toward && p.sent && p.length > 0 && !p.icmp).at(-1);
  const sendings = flow.packets.filter(
    (p) => p.toward === toward && p.sent && p.length > 0 && p.sequence === last?.sequence && !p.icmp,
  );
  const [first] = sendings;
  if (!first?.sent || !last?.sent || sendings.length < LEAST_CUT || sendings.some(mayBeJudged)) return [];
  const lasted = last.sent.time - first.sent.time;
  if (lasted < CUT_NS || isAnswered(flow, first)) return [];
  return [verdict(flow, sendings, lasted)];
}

/** Arrived, or the receiver's tap has a word on whether it did. */
const mayBeJudged = (p: Packet) => p.received !== null || p.vouching?.level !== 'failed';

/** Something came back that acknowledges it, or that ends the connection. */
function isAnswered(flow: FlowFacts, { toward, sequence }: Packet): boolean {
  return flow.packets.some(
    (p) =>
      p.toward === opposite(toward) &&
      p.received &&
      (isRst(p) || p.icmp || ((p.acknowledgment - sequence) | 0) > 0),
  );
}

function verdict(flow: FlowFacts, sendings: readonly Packet[], lasted: number): Draft {
  const [first] = sendings as [Packet];
  const [sender, receiver] = [senderOf(first.toward), receiverOf(first.toward)];
  const why = first.vouching?.why ?? '';
  return draft({
    code: 'data-loss',
    grade: 'inconclusive',
    flow,
    direction: first.toward,
    sender,
    at: first.sent,
    statement: () =>
      `The ${sender} sent the same data ${sendings.length} times in ${formatDuration(lasted)} and no answer came back; whether it reached the ${receiver} cannot be told: ${why}.`,
    attributes: { sent: sendings.length, lost: null, cutOffMs: Math.round(lasted / 1e6) },
    evidence: [
      exhibit('retransmitted', `the ${sender}'s TCP got no ACK for these`, ...sendings.slice(0, 4)),
      exhibit('absent-at-receiver', `the ${receiver}'s capture has none of them: ${why}`, first),
    ],
    missing: [
      `a capture at the ${receiver} that goes on: where other packets reach it after these should have, it tells that they were lost`,
    ],
  });
}
