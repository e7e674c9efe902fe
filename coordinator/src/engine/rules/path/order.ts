import { formatDuration, NS_PER_MS } from '@bothends/proto';
import { isCopy, unexplainedArrivals } from '../../facts/control.js';
import { recordAt } from '../../facts/counterpart.js';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { arrivalsAt } from '../../facts/mirror.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { overlap } from '../../facts/repair.js';
import { State } from '../../flows/records.js';
import * as Row from '../../flows/rows.js';
import { gradeCase, weakestVouch } from '../../grade.js';
import { REORDER_NS } from '../../match/pairs.js';
import { assume, type Draft, draft, type Exhibit, exhibit, receiverOf, senderOf } from '../draft.js';
import { percent } from '../loss/share.js';
import { gradePairs, wayText } from './change.js';

/** A tap that has so much of a direction twice looks at a mirror port or at two interfaces: it is not the path. */
const MIRROR_SHARE = 0.5;
/** Packets of a direction before that share says anything; with fewer, all flows are asked. */
const MIRROR_PACKETS = 8;

/** Fewer than one packet in a thousand out of order costs no connection anything: hosts with several queues do it too. */
const NOTICED_SHARE = 0.001;

/** What bears one TCP time stamp was sent within a tick; the slowest that RFC 7323 allows is a second. */
const TICK_NS = 1_000_000_000;

/** `reordering`: packets overtook each other between the taps. */
export function reordering(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.filter((toward) => isReordered(flow, toward)).map((toward) => {
    const packets = lateAtReceiver(flow, toward);
    const pairs = flow.path(toward, Row.PAIRS);
    const examples = lateExamples(flow, toward);
    const doubts = doubtsOf(flow, toward);
    const extent = Math.max(
      flow.path(toward, Row.LATE_NS),
      ...examples.map((p) => delayBeyondLeast(flow, p)),
    );
    const late = extent > 0 ? `, up to ${formatDuration(extent)} late` : '';
    return draft({
      code: 'reordering',
      grade: gradePairs(flow, doubts.length),
      flow,
      direction: toward,
      sender: 'path',
      blame: 'path',
      at: examples[0]?.received ?? null,
      statement: `${packets === 1 ? 'A packet' : `${packets} packets`} of the ${senderOf(toward)} (${percent(packets, pairs)}) arrived out of order${late}: overtaken ${wayText(toward)}.`,
      attributes: { packets, matched: pairs, extentMs: extent / NS_PER_MS },
      evidence: [
        exhibit(
          'order',
          `the ${receiverOf(toward)} got them in another order than they left, beyond what captures themselves swap`,
          ...examples.slice(0, 4),
        ),
      ],
      counter: doubts,
    });
  });
}

/** What else can make packets look late. */
function doubtsOf(flow: FlowFacts, toward: Toward): Exhibit[] {
  const { taps, intake } = flow.capture;
  const strangers = unsentData(flow, toward);
  const doubts: Exhibit[] = [];
  if (strangers.length > 0) {
    const text =
      'packets like these arrived and are not seen to leave: copies, or retransmissions missed there, can pass for late originals';
    doubts.push(exhibit('unsent', text, ...strangers.slice(0, 2)));
  }
  if (taps.some((tap) => tap.missed > 0)) {
    doubts.push(
      exhibit(
        'tap-missed',
        'TCP proves that packets are missing from a capture: a copy of one can pass for it',
      ),
    );
  }
  const back = Math.max(...taps.map((tap) => tap.backNs));
  if (back > REORDER_NS) {
    const text = `the times of a capture run backwards by up to ${formatDuration(back)}: it was merged, or a clock was set back, and its order is uncertain`;
    doubts.push(exhibit('backwards', text));
  }
  if (intake.timeline.clock().segments.length > 1) {
    doubts.push(
      exhibit('clock-step', 'a clock was set meanwhile: a capture sorted by time is out of order then'),
    );
  }
  return doubts;
}

/** Data that arrived and that the sender's tap does not have, or not once more. */
function unsentData(flow: FlowFacts, toward: Toward): Packet[] {
  if (flow.received(toward, Row.WAITING) === 0) return [];
  return flow.packets.filter((p) => p.toward === toward && p.received && !p.sent && !p.icmp && p.length > 0);
}

/** Packets at hand that came late at the receiver's tap and were in their turn at the sender's. */
function lateExamples(flow: FlowFacts, toward: Toward): Packet[] {
  const { state } = flow.capture.intake.store.records;
  return flow.packets.filter((p) => {
    if (p.toward !== toward || !p.sent || !p.received) return false;
    const received = recordAt(flow, p, flow.receiverTap(toward));
    const sent = recordAt(flow, p, flow.senderTap(toward));
    if (received < 0 || (sent >= 0 && state[sent] & State.repeat)) return false;
    return (state[received] & (State.lateFill | State.overdue)) !== 0;
  });
}

/** How much longer a packet was on its way than the fastest of its direction, ns. */
function delayBeyondLeast(flow: FlowFacts, p: Packet): number {
  // Where a clock was stepped, times at the two ends cannot be subtracted.
  if (!p.sent || !p.received || flow.capture.intake.timeline.clock().segments.length > 1) return 0;
  const fastest = p.sent.tap === 0 ? flow.path(p.toward, Row.MIN_DIFF) : -flow.path(p.toward, Row.MAX_DIFF);
  const delay = p.received.time - p.sent.time - fastest;
  return Number.isFinite(delay) ? Math.max(0, delay) : 0;
}

/**
 * Packets that came after later ones, and those that their own retransmissions overtook. What arrived and is not seen to
 * leave may be the original that the sender's tap missed: its retransmission then only looks overdue.
 */
function lateAtReceiver(flow: FlowFacts, toward: Toward): number {
  const atFirst = flow.receiverTap(toward) === 0;
  const late = flow.path(toward, atFirst ? Row.LATE_AT_0 : Row.LATE_AT_1);
  const overdue = Math.min(
    flow.path(toward, atFirst ? Row.OVERDUE_AT_0 : Row.OVERDUE_AT_1),
    flow.sent(toward, Row.REPEATS),
  );
  return overdue === 0 ? late : late + Math.max(0, overdue - unexplainedArrivals(flow, toward).length);
}

/** Without IP ids a retransmission within one tick of the sender's time stamps passes for its original, arrived late. */
function isReordered(flow: FlowFacts, toward: Toward): boolean {
  const late = lateAtReceiver(flow, toward);
  if (late === 0 || late < NOTICED_SHARE * flow.path(toward, Row.PAIRS)) return false;
  const numbered = flow.sent(toward, Row.IP_ID) >= 0 && flow.path(toward, Row.ID_KEPT) === 1;
  if (numbered || flow.sent(toward, Row.REPEATS) === 0) return true;
  const stamped = flow.sent(toward, Row.TSVAL) > 0 && flow.path(toward, Row.TS_KEPT) === 1;
  return stamped && lateExamples(flow, toward).some((p) => isSentOnce(flow, p));
}

/** Nothing with bytes of the packet bears its time stamp, too. Of retransmissions the first so many are kept. */
function isSentOnce(flow: FlowFacts, p: Packet): boolean {
  const sent = flow.packets.filter((q) => q.toward === p.toward && q.sent && !q.icmp);
  const again = sent.filter((q) => q.repeat);
  const areAllKept = again.length >= flow.sent(p.toward, Row.REPEATS);
  const last = Math.max(...again.map((q) => q.sent?.time ?? 0));
  if (!areAllKept && (p.sent?.time ?? 0) + TICK_NS > last) return false;
  return !sent.some((q) => q !== p && q.timestampValue === p.timestampValue && overlap(p, q));
}

/** `duplication`: a packet sent once arrived more than once. */
export function duplication(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.flatMap((toward) => {
    if (flow.received(toward, Row.WAITING) === 0 || flow.path(toward, Row.PAIRS) === 0) return [];
    const copies = flow.packets.filter((p) => p.toward === toward && arrivedTwice(flow, p));
    const first = copies[0];
    return first && !isMirror(flow, toward, copies.length) ? [copied(flow, toward, copies, first)] : [];
  });
}

/** A packet like one before it, or, where a NIC merged that one, bytes that came before under an IP id given before. */
function arrivedTwice(flow: FlowFacts, p: Packet): boolean {
  // After a pause it is an application that says the same again: a path holds no packet back for so long.
  if (!p.received || p.sent || p.icmp || p.covered > 0 || p.idle > 0) return false;
  const again = State.overdue | State.oldId;
  return isCopy(p) || (flow.capture.intake.store.records.state[p.record] & again) === again;
}

function isMirror(flow: FlowFacts, toward: Toward, copies: number): boolean {
  const pairs = flow.path(toward, Row.PAIRS);
  if (copies < MIRROR_SHARE * pairs) return false;
  if (pairs >= MIRROR_PACKETS) return true;
  const { matched, surplus } = arrivalsAt(flow.capture, flow.receiverTap(toward));
  return surplus >= MIRROR_SHARE * matched;
}

function copied(flow: FlowFacts, toward: Toward, copies: readonly Packet[], first: Packet): Draft {
  const [sender, receiver] = [senderOf(toward), receiverOf(toward)];
  const level = weakestVouch(copies.slice(0, 1).map((p) => p.vouching?.level ?? 'failed'));
  const pairs = flow.path(toward, Row.PAIRS);
  const told = first.ipId !== 0 ? 'IP id' : 'time stamp';
  return draft({
    code: 'duplication',
    grade: gradeCase({
      lines: copies.length > 1 ? 3 : 2,
      conclusive: true,
      absence: level,
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: toward,
    sender: 'path',
    blame: 'path',
    at: first.received,
    statement: `${copies.length === 1 ? 'A packet' : `${copies.length} packets`} that the ${sender} sent once (${percent(copies.length, Math.max(pairs, copies.length))}) arrived at the ${receiver} twice: duplicated ${wayText(toward)}.`,
    attributes: { packets: copies.length, matched: pairs },
    evidence: [
      exhibit(
        'copies',
        `the same ${told}, numbers and payload again: a retransmission would have another ${told}`,
        ...copies.slice(0, 4),
      ),
      exhibit(
        'sent-once',
        `the ${sender}'s capture has each of them once: ${first.vouching?.why ?? 'its capture is whole'}`,
      ),
    ],
    assumptions: first.vouching ? [assume(first.vouching.level, first.vouching.why)] : [],
  });
}
