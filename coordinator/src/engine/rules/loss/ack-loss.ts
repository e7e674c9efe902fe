import { type Control, controlOf, isSignificant, unexplainedArrivals } from '../../facts/control.js';
import { BOTH_WAYS, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import { type Loss, lossOf } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { repairsOf } from '../../facts/repair.js';
import { gradeCase, strongestVouch } from '../../grade.js';
import { assume, type Draft, draft, exhibit, receiverOf, senderOf } from '../draft.js';
import { longestBurst, share } from './share.js';

/** `ack-loss`: ACKs without data left their sender and died on the path. */
export function ackLoss(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || flow.matched === 0) return [];
  return BOTH_WAYS.flatMap((toward) => {
    const loss = lossOf(flow, toward);
    const first = loss.acks[0];
    if (!first) return [];
    const control = controlOf(flow, toward);
    const missed = [...control.missing, ...repairsOf(flow, toward, loss.data).refuted];
    // A tap that misses as much as is lost explains it all.
    const strangers = unexplainedArrivals(flow, toward);
    return missed.length + strangers >= loss.acks.length
      ? []
      : [lostAcks(flow, toward, loss, first, control, missed)];
  });
}

function lostAcks(
  flow: FlowFacts,
  toward: Toward,
  loss: Loss,
  first: Packet,
  control: Control,
  missed: readonly Packet[],
): Draft {
  const spurious = spuriousRetransmission(flow, toward);
  const level = strongestVouch(loss.acks.map((p) => p.vouching?.level ?? 'failed'));
  const why = loss.acks.find((p) => p.vouching?.level === level)?.vouching?.why ?? '';
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const controlled = isSignificant(control, loss.acks.length, loss.sent);
  return draft({
    code: 'ack-loss',
    grade: gradeCase({
      lines: 1 + (controlled ? 1 : 0) + (spurious ? 1 : 0),
      conclusive: true,
      absence: level,
      headersOnly: false,
      counter: missed.length,
    }),
    flow,
    direction: toward,
    sender,
    blame: 'path',
    at: first.sent,
    statement: `${share(loss.acks.length, loss.sent, 'packet')} from the ${sender}, ACKs without data, never reached the ${receiver}: lost on the path ${toward === 'toward-server' ? 'to the server' : 'to the client'}.`,
    attributes: { sent: loss.sent, lost: loss.acks.length, longestBurst: longestBurst(loss.acks, isNextAck) },
    evidence: [
      exhibit('seen-leaving', `they left the ${sender}`, ...loss.acks.slice(0, 4)),
      exhibit('absent-at-receiver', `the ${receiver}'s capture does not have them: ${why}`, first),
      ...(controlled
        ? [
            exhibit(
              'control',
              `all ${control.found} packets that left the ${receiver} meanwhile are in its capture`,
            ),
          ]
        : []),
      ...(spurious
        ? [
            exhibit(
              'retransmitted',
              `the ${receiver} sent data again that had arrived: it had no ACK for it`,
              spurious,
            ),
          ]
        : []),
    ],
    counter:
      missed.length > 0
        ? [
            exhibit(
              'tap-missed',
              `the ${receiver}'s capture misses ${missed.length} packets that TCP proves to have been there`,
              ...missed.slice(0, 3),
            ),
          ]
        : [],
    assumptions: [assume(level ?? 'failed', why)],
    missing: level === 'complete' ? [] : [`a capture at the ${receiver} that counts its drops`],
  });
}

/** Data that both taps have twice: sent again although it had been delivered, because no ACK came back. */
function spuriousRetransmission(flow: FlowFacts, toward: Toward): Packet | undefined {
  const back = opposite(toward);
  if (lossOf(flow, back).data.length > 0) return undefined;
  return flow.packets.find((p) => p.toward === back && p.repeat && p.sent && p.received && p.length > 1);
}

/** ACKs numbered one after the other by their sender's IP id; without ids every lost ACK stands alone. */
const isNextAck = (a: Packet, b: Packet) => a.ipId !== 0 && ((b.ipId - a.ipId) & 0xffff) === 1;
