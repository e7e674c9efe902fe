import { TcpOption } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { isSyn, isSynAck } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { type Draft, draft, exhibit } from '../draft.js';
import { gradeChange, type Pair, pairsWhere, wayOf, wayText } from './change.js';

/** Options that a SYN offers, in the words of tcpdump. */
const OPTIONS = [
  [TcpOption.mss, 'MSS'],
  [TcpOption.windowScale, 'window scaling'],
  [TcpOption.sackPermitted, 'SACK'],
  [TcpOption.timestamps, 'time stamps'],
  [TcpOption.md5, 'MD5'],
  [TcpOption.ao, 'TCP-AO'],
  [TcpOption.mptcp, 'MPTCP'],
  [TcpOption.fastOpen, 'Fast Open'],
] as const;

/** `mss-clamped`: the MSS of a SYN is lower on arrival. */
export function mssClamped(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp') return [];
  const ways = BOTH_WAYS.filter((toward) => {
    const received = flow.received(toward, Row.MSS);
    return received > 0 && received < flow.sent(toward, Row.MSS);
  });
  if (ways.length === 0) return [];
  const { mss } = flow.capture.intake.store.records;
  const clamped = ways.flatMap((toward) =>
    handshakes(flow, toward, ({ sent, received }) => mss[received] < mss[sent]),
  );
  const first = clamped[0];
  if (!first) return [];
  const way = wayOf(ways);
  const [before, after] = [mss[first.sent] ?? 0, mss[first.received] ?? 0];
  return [
    draft({
      code: 'mss-clamped',
      grade: gradeChange(),
      flow,
      direction: way,
      sender: 'path',
      blame: 'path',
      at: first.packet.received,
      statement: `The path lowers the MSS in the handshake from ${before} to ${after} bytes ${wayText(way)}.`,
      attributes: { before, after },
      evidence: [
        exhibit(
          'changed',
          `an MSS of ${before} left, one of ${after} arrived`,
          ...clamped.slice(0, 2).map((c) => c.packet),
        ),
      ],
    }),
  ];
}

/** `options-stripped`: TCP options of a SYN are gone on arrival. */
export function optionsStripped(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp') return [];
  const ways = BOTH_WAYS.filter((toward) => {
    const received = flow.received(toward, Row.SYN_OPTIONS);
    return received >= 0 && (flow.sent(toward, Row.SYN_OPTIONS) & ~received) > 0;
  });
  if (ways.length === 0) return [];
  const { options, cut } = flow.capture.intake.store.records;
  const stripped = ways.flatMap((toward) =>
    handshakes(
      flow,
      toward,
      ({ sent, received }) => cut[received] === 0 && (options[sent] & ~options[received]) !== 0,
    ),
  );
  const first = stripped[0];
  if (!first) return [];
  const way = wayOf([...new Set(stripped.map((s) => s.packet.toward))]);
  const names = namesOf(
    stripped.reduce((all, { sent, received }) => all | (options[sent] & ~options[received]), 0),
  );
  return [
    draft({
      code: 'options-stripped',
      grade: gradeChange(),
      flow,
      direction: way,
      sender: 'path',
      blame: 'path',
      at: first.packet.received,
      statement: `The path removes TCP options from the handshake ${wayText(way)}: ${names}.`,
      attributes: {
        before: namesOf(options[first.sent] ?? 0),
        after: namesOf(options[first.received] ?? 0),
        removed: names,
      },
      evidence: [
        exhibit('changed', `${names} left and did not arrive`, ...stripped.slice(0, 2).map((s) => s.packet)),
      ],
    }),
  ];
}

/** SYNs and SYN-ACKs of a direction at both taps. */
function handshakes(
  flow: FlowFacts,
  toward: Pair['packet']['toward'],
  test: (pair: Pair) => boolean,
): Pair[] {
  return pairsWhere(flow, toward, (pair) => (isSyn(pair.packet) || isSynAck(pair.packet)) && test(pair));
}

function namesOf(bits: number): string {
  const names = OPTIONS.filter(([bit]) => bits & bit).map(([, name]) => name);
  return names.length > 0 ? names.join(', ') : 'none';
}
