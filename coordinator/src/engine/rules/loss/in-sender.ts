import { formatDuration } from '@bothends/proto';
import { controlOf } from '../../facts/control.js';
import { bothRecords } from '../../facts/counterpart.js';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { lossOf } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { placeAssumed, tapPlace } from '../../facts/tap-place.js';
import { State } from '../../flows/records.js';
import * as Row from '../../flows/rows.js';
import { gradeCase } from '../../grade.js';
import { assume, type Draft, draft, exhibit, hostOf, senderOf } from '../draft.js';

/**
 * `loss-in-sender`: bytes that its own tap first sees as a retransmission. The sender skipped them, both taps saw the
 * hole, and later they came: the first copy died between its TCP and its tap.
 */
export function lossInSender(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp') return [];
  return BOTH_WAYS.flatMap((toward) => {
    const suspicious = flow.sent(toward, Row.LATE_FILLS) > 0 && flow.received(toward, Row.LATE_FILLS) > 0;
    return suspicious ? skipped(flow, toward) : [];
  });
}

function skipped(flow: FlowFacts, toward: Toward): Draft[] {
  const late = flow.packets.filter((p) => p.toward === toward && isLateAtBoth(flow, p));
  const first = late[0];
  if (!first?.sent) return [];
  const sender = senderOf(toward);
  const tap = flow.senderTap(toward);
  const place = tapPlace(flow, sender);
  const before = previousOf(flow, first);
  const word = flow.vouch(tap, before?.time ?? first.sent.time, first.sent.time);
  const missed = controlOf(flow, toward === 'toward-server' ? 'toward-client' : 'toward-server').missing;
  const lost = Math.max(
    late.length,
    Math.min(flow.sent(toward, Row.LATE_FILLS), flow.received(toward, Row.LATE_FILLS)),
  );
  return [
    draft({
      code: 'loss-in-sender',
      grade: gradeCase({
        // On a path that loses packets it takes a tap that missed one of those to look the same.
        lines: lossOf(flow, toward).data.length > 0 ? 1 : 2,
        conclusive: true,
        absence: word.level,
        headersOnly: false,
        counter: missed.length,
      }),
      flow,
      direction: toward,
      sender,
      blame: place.why ? 'unknown' : hostOf(sender),
      at: first.sent,
      statement:
        `The ${place.why ? `capture at the ${sender}'s side` : `${sender}'s own capture`} sees ${lost === 1 ? 'a segment' : `${lost} segments`} for the first time as a retransmission: ` +
        `the first copy was dropped ${place.why ? `before it came there: by ${place.behind}` : `inside the ${sender}, before its network card`}.`,
      attributes: { lost, sent: flow.sent(toward, Row.SEGMENTS) },
      evidence: [
        exhibit(
          'first-seen-late',
          `later bytes had left the ${sender} before these came`,
          ...late.slice(0, 4),
        ),
        exhibit('hole-at-receiver', 'the other capture has the same hole, filled by the same packet', first),
        before && exhibit('delay', `the hole lasted ${formatDuration(first.sent.time - before.time)}`),
      ],
      counter: [
        missed.length > 0 &&
          exhibit(
            'tap-missed',
            `${missed.length} packets of the ${sender} arrived that its own capture misses`,
            ...missed.slice(0, 2),
          ),
      ],
      assumptions: [assume(word.level, word.why), ...placeAssumed(place)],
      missing: [
        'queue drops of the host: `tc -s qdisc`, `nstat -az TcpExtTCPRetransFail`, `nft list ruleset` (output)',
      ],
    }),
  ];
}

function isLateAtBoth(flow: FlowFacts, p: Packet): boolean {
  const both = bothRecords(flow, p);
  if (!both) return false;
  const { state } = flow.capture.intake.store.records;
  return (state[both.sent] & state[both.received] & State.lateFill) !== 0;
}

/** The latest packet of the same direction still known that left before `p`. */
function previousOf(flow: FlowFacts, p: Packet) {
  let latest: NonNullable<Packet['sent']> | null = null;
  for (const q of flow.packets) {
    if (q === p || q.toward !== p.toward || !q.sent || !p.sent || q.icmp || q.sent.time >= p.sent.time)
      continue;
    if (!latest || q.sent.time > latest.time) latest = q.sent;
  }
  return latest;
}
