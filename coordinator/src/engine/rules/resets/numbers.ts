import type { FlowFacts } from '../../facts/flow-facts.js';
import { isFin, isRst, isSyn, type Packet } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import { senderOf } from '../draft.js';
import { initialNumbers, type ResetCase } from './cases.js';

/**
 * Text when an abort does not bear the number that its alleged sender's connection had come to: a stack takes exactly that
 * one (SND.NXT, RFC 9293 3.10.4), who forges has to guess. Null where nothing tells.
 */
export function misplaced(c: ResetCase): string | null {
  if (c.shape !== 'active' || c.flow.path(c.rst.toward, Row.SEQ_DELTA) !== 0) return null;
  // Where the tuple was used again, it could be the number of another connection.
  if (initialNumbers(c.flow, c.rst.toward).length > 1) return null;
  const alleged = senderOf(c.rst.toward);
  if (isBehind(c)) return `its sequence number lies before data of the ${alleged} that had arrived already`;
  return isAhead(c)
    ? `its sequence number lies beyond all that the ${alleged} ever sent, by either capture`
    : null;
}

/** The sender stood further on already when it arrived. */
function isBehind({ flow, rst }: ResetCase): boolean {
  return flow.packets.some((p) => {
    if (p.toward !== rst.toward || isRst(p) || isSyn(p) || p.icmp || p.copy || !p.received) return false;
    return p.received.number < (rst.received?.number ?? 0) && ((endOf(p) - rst.sequence) | 0) > 0;
  });
}

function endOf(p: Packet): number {
  return p.sequence + p.length + (isFin(p) ? 1 : 0);
}

function isAhead({ flow, rst }: ResetCase): boolean {
  const ends = [highest(flow, rst, 'sent'), highest(flow, rst, 'received')];
  return ends.every((end) => end !== null && ((rst.sequence - end) | 0) > FIN);
}

/** A FIN that both taps missed takes one number. */
const FIN = 1;

/** The end of what a tap saw of a direction, null where its beginning is unknown. */
function highest(flow: FlowFacts, { toward }: Packet, at: 'sent' | 'received'): number | null {
  const base = flow[at](toward, Row.SEQ_BASE);
  return base < 0 ? null : base + flow[at](toward, Row.SEQ_END);
}
