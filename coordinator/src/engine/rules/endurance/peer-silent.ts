import { formatDuration, NS_PER_S } from '@bothends/proto';
import { BOTH_WAYS, type FlowFacts, opposite } from '../../facts/flow-facts.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { gradeCase } from '../../grade.js';
import * as Row from '../../match/rows.js';
import { assume, type Draft, draft, exhibit, hostOf, receiverOf, senderOf } from '../draft.js';

/** A TCP that has data acknowledges it within 500 ms (RFC 9293, 3.8.6.3); twice that is silence. */
const SILENCE_NS = NS_PER_S;

/** Unanswered packets with data that must arrive: one can be the last before the capture ended. */
const LEAST_ARRIVED = 2;

/** `peer-silent`: on an established connection packets arrive at one host and nothing comes back out of it. */
export function peerSilent(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || flow.flowWord(Row.RESETS) > 0) return [];
  return BOTH_WAYS.flatMap((toward) => {
    const back = opposite(toward);
    const lastOut = flow.sent(back, Row.LAST_TIME);
    if (!isEstablished(flow, toward) || !(flow.received(toward, Row.DATA_TIME) > lastOut)) return [];
    if (flow.received(toward, Row.LAST_TIME) - lastOut < SILENCE_NS) return [];
    return silentToward(flow, toward, lastOut);
  });
}

/** Both ends spoke after the handshake, or it was there before the captures began. */
function isEstablished(flow: FlowFacts, toward: Toward): boolean {
  const back = opposite(toward);
  if (flow.path(toward, Row.PAIRS) === 0 || flow.path(back, Row.PAIRS) === 0) return false;
  return flow.sent(back, Row.PACKETS) > 1 || flow.sent(back, Row.SYN_OPTIONS) < 0;
}

function silentToward(flow: FlowFacts, toward: Toward, lastOut: number): Draft[] {
  const back = opposite(toward);
  const arrived = flow.packets.filter(
    (p) => p.toward === toward && p.received && p.received.time > lastOut && p.length > 0,
  );
  const first = arrived[0]?.received;
  const last = arrived.at(-1)?.received;
  if (!first || !last || arrived.length < LEAST_ARRIVED || last.time - first.time < SILENCE_NS) return [];
  // Something of it reached the other end after all: its own tap missed that.
  if (flow.packets.some((p) => p.toward === back && !p.sent && p.received && !p.copy)) return [];
  return [verdict(flow, toward, arrived, last.time - first.time)];
}

function verdict(flow: FlowFacts, toward: Toward, arrived: readonly Packet[], lasted: number): Draft {
  const [asker, silent] = [senderOf(toward), receiverOf(toward)];
  const first = arrived[0] ?? null;
  const again = arrived.find((p) => p.repeat);
  const start = first?.received?.time ?? 0;
  const word = flow.vouch(flow.receiverTap(toward), start, start + lasted);
  return draft({
    code: 'peer-silent',
    grade: gradeCase({
      lines: 2 + (again ? 1 : 0),
      conclusive: again !== undefined,
      absence: word.level,
      headersOnly: false,
      counter: 0,
    }),
    flow,
    direction: opposite(toward),
    sender: silent,
    blame: hostOf(silent),
    at: first?.received ?? null,
    statement: `${arrived.length} packets of the ${asker} reached the ${silent} over ${formatDuration(lasted)} and nothing came back out of it, not even an ACK: the path delivers, the ${silent}'s host is silent.`,
    attributes: { arrived: arrived.length, silentMs: Math.round(lasted / 1e6) },
    evidence: [
      exhibit('arrived', `these arrived at the ${silent}`, ...arrived.slice(0, 4)),
      exhibit('silence', `nothing of this connection left the ${silent} after that: ${word.why}`),
      exhibit('nothing-received', `and nothing of it came to the ${asker} either`),
      ...(again
        ? [exhibit('retransmitted', `the ${asker} sent again, so its TCP got no answer`, again)]
        : []),
    ],
    assumptions: [
      assume(word.level, word.why),
      { text: `the ${silent} answers by an interface that was captured`, checked: false },
    ],
    missing: [
      `what swallows them inside the ${silent}: firewall counters, \`ss -tin\`, whether the host is frozen`,
    ],
  });
}
