import { Tcp } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import type { Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit, senderOf } from '../draft.js';
import { percent } from '../loss/share.js';
import { gradeChange, pairsWhere, wayText } from './change.js';

/** The six high bits of the TOS byte are the DSCP, the two low ones ECN (RFC 2474, RFC 3168). */
const ECN_BITS = 3;
const ECN_NAMES = ['Not-ECT', 'ECT(1)', 'ECT(0)', 'CE'] as const;

/** A device that marks does so to most packets; one or two others are its own in the sender's name (SYN proxy). */
const LEAST_MARKED = 3;
const MARKED_SHARE = 0.5;

/** `dscp-changed`: the path put packets into another class of service. */
export function dscpChanged(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.filter((toward) => isMarked(flow, toward)).flatMap((toward) => {
    const { tos } = flow.capture.intake.store.records;
    const changed = pairsWhere(flow, toward, ({ sent, received }) => tos[sent] >> 2 !== tos[received] >> 2);
    const first = changed[0];
    if (!first) return [];
    const [before, after] = [tos[first.sent] >> 2, tos[first.received] >> 2];
    const packets = flow.path(toward, Row.TOS_CHANGED);
    return [
      draft({
        code: 'dscp-changed',
        grade: gradeChange(),
        flow,
        direction: toward,
        sender: 'path',
        blame: 'path',
        at: first.packet.received,
        statement: `The path changes the DSCP of what the ${senderOf(toward)} sends from ${before} to ${after} ${wayText(toward)} (${share(flow, toward, packets)} of the packets).`,
        attributes: { before, after, packets },
        evidence: [
          exhibit(
            'changed',
            `DSCP ${before} left, DSCP ${after} arrived`,
            ...changed.slice(0, 2).map((c) => c.packet),
          ),
        ],
      }),
    ];
  });
}

function isMarked(flow: FlowFacts, toward: Toward): boolean {
  const packets = flow.path(toward, Row.TOS_CHANGED);
  return packets >= LEAST_MARKED || (packets > 0 && packets >= MARKED_SHARE * flow.path(toward, Row.PAIRS));
}

/** `ecn-bleached`: ECN bits that left are gone on arrival. A CE mark is not bleaching. */
export function ecnBleached(flow: FlowFacts): Draft[] {
  return BOTH_WAYS.flatMap((toward) => {
    const word = flow.receiverTap(toward) === 0 ? Row.ECN_GONE_0 : Row.ECN_GONE_1;
    const packets = flow.path(toward, word);
    if (packets === 0) return [];
    const { tos, flags } = flow.capture.intake.store.records;
    const bleached = pairsWhere(flow, toward, ({ sent, received }) => {
      const ect = (tos[sent] & ECN_BITS) !== 0 && (tos[received] & ECN_BITS) === 0;
      return ect || (flags[sent] & ~flags[received] & (Tcp.ece | Tcp.cwr)) !== 0;
    });
    const first = bleached[0];
    if (!first) return [];
    const before = ECN_NAMES[tos[first.sent] & ECN_BITS] ?? 'Not-ECT';
    return [
      draft({
        code: 'ecn-bleached',
        grade: gradeChange(),
        flow,
        direction: toward,
        sender: 'path',
        blame: 'path',
        at: first.packet.received,
        statement: `The path clears the ECN bits of what the ${senderOf(toward)} sends ${wayText(toward)}: ${before} left, Not-ECT arrived (${share(flow, toward, packets)} of the packets).`,
        attributes: { before, after: 'Not-ECT', packets },
        evidence: [
          exhibit('changed', `${before} left, Not-ECT arrived`, ...bleached.slice(0, 2).map((b) => b.packet)),
        ],
      }),
    ];
  });
}

function share(flow: FlowFacts, toward: Toward, packets: number): string {
  return percent(packets, Math.max(packets, flow.path(toward, Row.PAIRS)));
}
