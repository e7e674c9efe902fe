import type { FlowFacts } from '../../facts/flow-facts.js';
import { LEAST_CUT, lossOf, segmentsOf } from '../../facts/loss.js';
import type { Packet, Toward } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';

/** A burst that a full queue drops is over within a few round trips; what outlives retransmission timeouts is an outage, ns. */
const OUTAGE_NS = 400_000_000;

/**
 * How long nothing of a direction arrived that had been sent, where all of its losses fell into that one time, ns; null where
 * something arrived in between, nothing did afterwards, or nothing tells. The sender's own IP ids tell: it counted on from the first loss to the
 * last, and each number of them is lost.
 */
export function outageOf(flow: FlowFacts, toward: Toward, gone: readonly Packet[]): number | null {
  const [first, last] = [gone[0], gone.at(-1)];
  if (gone.length < LEAST_CUT || !first?.sent || !last?.sent) return null;
  const lasted = last.sent.time - first.sent.time;
  if (lasted < OUTAGE_NS || flow.sent(toward, Row.ID_STEPS) === 0) return null;
  const top = flow.path(toward, flow.senderTap(toward) === 0 ? Row.TOP_NUMBER_0 : Row.TOP_NUMBER_1);
  if (!(top > last.sent.number)) return null;
  const all = lossOf(flow, toward).gone.filter((p) => p.sent && p.at >= first.at && p.at <= last.at);
  const segments = all.reduce((sum, p) => sum + segmentsOf(flow, p, gone), 0);
  const numbers = ((last.ipId - first.ipId) & 0xffff) + segmentsOf(flow, last, gone);
  return all.every((p) => p.ipId !== 0) && numbers === segments ? lasted : null;
}
