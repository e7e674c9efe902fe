import type { Grade } from '@bothends/proto';
import { type Control, controlOf, isSignificant, unexplainedArrivals } from '../../facts/control.js';
import { BOTH_WAYS, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import { type Loss, lossOf } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { repairsOf } from '../../facts/repair.js';
import { gradeCase, strongestVouch, weakest } from '../../grade.js';
import type { Vouch } from '../../taps.js';
import { assume, type Draft, draft, type Exhibit, exhibit, receiverOf, senderOf } from '../draft.js';
import { carriesClaim } from '../words.js';
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
    // A tap that misses as much as is lost explains it all; so do as many arrivals that nobody saw leave.
    const unexplained = control.resets.length + unexplainedArrivals(flow, toward).length;
    if (missed.length + unexplained >= loss.acks.length) return [];
    const controlled = isSignificant(control, loss.acks.length, loss.sent);
    const spurious = spuriousRetransmission(flow, toward);
    return [lostAcks(flow, toward, loss, first, { control, controlled, missed, spurious })];
  });
}

/** What speaks for and against a loss on the path. */
interface Signs {
  control: Control;
  controlled: boolean;
  /** Packets that the receiver's tap missed for certain. */
  missed: Packet[];
  /** Data of the receiver sent again for want of an ACK. */
  spurious: Packet | undefined;
}

function lostAcks(flow: FlowFacts, toward: Toward, loss: Loss, first: Packet, signs: Signs): Draft {
  const { acks } = loss;
  const level = strongestVouch(acks.map((p) => p.vouching?.level ?? 'failed'));
  const why = acks.find((p) => p.vouching?.level === level)?.vouching?.why ?? '';
  const grade = gradeAcks(
    1 + (signs.controlled ? 1 : 0) + (signs.spurious ? 1 : 0),
    level,
    signs.missed.length,
  );
  return draft({
    code: 'ack-loss',
    grade,
    flow,
    direction: toward,
    sender: senderOf(toward),
    blame: 'path',
    at: first.sent,
    statement: (final) => statementOf(toward, loss, final),
    attributes: { sent: loss.sent, lost: acks.length, longestBurst: longestBurst(acks, isNextAck) },
    evidence: evidenceOf(toward, acks, why, signs),
    counter: counterOf(toward, signs.missed),
    assumptions: [assume(level ?? 'failed', why)],
    missing: level === 'complete' ? [] : [`a capture at the ${receiverOf(toward)} that counts its drops`],
  });
}

function statementOf(toward: Toward, loss: Loss, grade: Grade): string {
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const fate = carriesClaim(grade)
    ? `never reached the ${receiver}: lost on the path to the ${receiver}`
    : `are not in the ${receiver}'s capture: lost on the path, or missed by that capture`;
  return `${share(loss.acks.length, loss.sent, 'packet')} from the ${sender}, ACKs without data, ${fate}.`;
}

function evidenceOf(toward: Toward, acks: readonly Packet[], why: string, signs: Signs): Exhibit[] {
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const exhibits = [
    exhibit('seen-leaving', `they left the ${sender}`, ...acks.slice(0, 4)),
    exhibit('absent-at-receiver', `the ${receiver}'s capture does not have them: ${why}`, acks[0]),
  ];
  if (signs.controlled) {
    exhibits.push(
      exhibit(
        'control',
        `all ${signs.control.found} packets that left the ${receiver} meanwhile are in its capture`,
      ),
    );
  }
  if (signs.spurious) {
    const text = `the ${receiver} sent data again that had arrived: it had no ACK for it`;
    exhibits.push(exhibit('retransmitted', text, signs.spurious));
  }
  return exhibits;
}

function counterOf(toward: Toward, missed: readonly Packet[]): Exhibit[] {
  if (missed.length === 0) return [];
  const text = `the ${receiverOf(toward)}'s capture misses ${missed.length} packets that TCP proves to have been there`;
  return [exhibit('tap-missed', text, ...missed.slice(0, 3))];
}

/** Nobody sends an ACK again: with nothing but a tap that cannot count its drops, or is known to miss some, it can be its loss. */
function gradeAcks(lines: number, absence: Vouch | null, counter: number): Grade {
  if ((lines < 2 || counter > 0) && absence !== 'complete' && absence !== 'word') return 'inconclusive';
  const grade = gradeCase({ lines, conclusive: true, absence, headersOnly: false, counter });
  return absence === 'complete' || absence === 'word' ? grade : weakest(grade, 'likely');
}

/**
 * Data that both taps have twice: sent again although it had been delivered, because no ACK came back. Not where the host sends
 * again what it got an ACK for, too: such a one is deaf, whatever the path does.
 */
function spuriousRetransmission(flow: FlowFacts, toward: Toward): Packet | undefined {
  const back = opposite(toward);
  if (lossOf(flow, back).data.length > 0) return undefined;
  const again = flow.packets.filter(
    (p) => p.toward === back && p.repeat && p.sent && p.received && p.length > 1,
  );
  return again.some((p) => wasAcknowledged(flow, toward, p)) ? undefined : again[0];
}

/** An ACK for all of it had come to its sender's tap before it left there. */
function wasAcknowledged(flow: FlowFacts, toward: Toward, { sent, sequence, length }: Packet): boolean {
  return flow.packets.some(
    (ack) =>
      ack.toward === toward &&
      ack.received &&
      sent &&
      !ack.icmp &&
      ack.received.number < sent.number &&
      ((ack.acknowledgment - sequence - length) | 0) >= 0,
  );
}

/** ACKs numbered one after the other by their sender's IP id; without ids every lost ACK stands alone. */
const isNextAck = (a: Packet, b: Packet) => a.ipId !== 0 && ((b.ipId - a.ipId) & 0xffff) === 1;
