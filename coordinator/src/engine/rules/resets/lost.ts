import type { FlowFacts } from '../../facts/flow-facts.js';
import { isRst, type Sighting } from '../../facts/packet.js';
import { isOfAnotherConnection } from '../../facts/shared-tuple.js';
import { LEAST_DELAY_NS } from '../../facts/witness.js';
import { gradeCase, weakest } from '../../grade.js';
import { assume, type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import type { ResetCase } from './cases.js';

/** `rst-lost`: a RST left its sender and never arrived. */
export function lostResets(cases: readonly ResetCase[]): Draft[] {
  const lost = cases.filter(
    (c) => c.rst.fate === 'lost' && c.rst.sent && !c.rewrittenFrom && !isOfAnotherConnection(c.flow, c.rst),
  );
  const drafts: Draft[] = [];
  for (const toward of ['toward-client', 'toward-server'] as const) {
    const mine = lost.filter((c) => c.rst.toward === toward);
    const first = mine[0];
    if (first) drafts.push(lostReset(mine, first));
  }
  return drafts;
}

function lostReset(lost: readonly ResetCase[], first: ResetCase): Draft {
  const { rst, flow } = first;
  const sender = senderOf(rst.toward);
  const receiver = receiverOf(rst.toward);
  const goesOn = flow.packets.find(
    (p) =>
      p.toward !== rst.toward &&
      p.sent &&
      rst.sent &&
      !isRst(p) &&
      !p.icmp &&
      leftTooLate(flow, rst.sent, p.sent),
  );
  return draft({
    code: 'rst-lost',
    grade: weakest(
      // Of a connection that the other tap knows nothing of, it may know all by another tuple.
      flow.matched > 0 ? 'proven' : 'inconclusive',
      gradeCase({
        lines: goesOn ? 2 : 1,
        conclusive: true,
        absence: rst.vouching?.level ?? null,
        headersOnly: false,
        counter: 0,
      }),
    ),
    flow,
    direction: rst.toward,
    sender,
    blame: 'path',
    at: rst.sent,
    statement: `${lost.length > 1 ? `${lost.length} RSTs of` : 'A RST of'} the ${sender} never reached the ${receiver}: lost on the path.`,
    attributes: { lost: lost.length },
    evidence: [
      exhibit('seen-leaving', `it left the ${sender}`, rst),
      exhibit('absent-at-receiver', `it did not arrive: ${rst.vouching?.why}`, rst),
      goesOn && exhibit('goes-on', `the ${receiver} went on as if it had not been reset`, goesOn),
    ],
    assumptions: rst.vouching ? [assume(rst.vouching.level, rst.vouching.why)] : [],
    missing: rst.vouching?.level === 'complete' ? [] : [`a drop count of the ${receiver}'s capture`],
  });
}

/** It left when a RST that was not lost had arrived: what was on its way meanwhile says nothing. */
function leftTooLate(flow: FlowFacts, rst: Sighting, sent: Sighting): boolean {
  const { to } = flow.capture.intake.timeline.across(rst.tap, rst.time);
  return flow.isBefore(rst, sent) && sent.time > to + Math.max(flow.roundTrip ?? 0, LEAST_DELAY_NS);
}
