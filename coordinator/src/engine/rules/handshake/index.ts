import { Tcp } from '@bothends/proto';
import type { FlowFacts } from '../../facts/flow-facts.js';
import { isRst, isSyn, isSynAck } from '../../facts/packet.js';
import * as Row from '../../flows/rows.js';
import type { Draft } from '../draft.js';
import { acceptStalled } from './accept-stalled.js';
import { handshakeAckLost } from './handshake-ack-lost.js';
import { synAckRepaired, synRepaired } from './opened-late.js';
import type { Handshake, HandshakeRule } from './opening.js';
import { synAckForged } from './syn-ack-forged.js';
import { synAckLost } from './syn-ack-lost.js';
import { synForged } from './syn-forged.js';
import { synLost } from './syn-lost.js';
import { synUnanswered } from './syn-unanswered.js';

/** In this order: the first that holds explains what the later ones would see. */
const RULES: readonly HandshakeRule[] = [
  synForged,
  synAckForged,
  synLost,
  synUnanswered,
  synAckLost,
  handshakeAckLost,
  acceptStalled,
  synRepaired,
  synAckRepaired,
];

/** Verdicts about how a connection was opened, or was not. */
export function handshake(flow: FlowFacts): Draft[] {
  if (flow.protocol !== 'tcp' || !mayHaveFailed(flow)) return [];
  const all = flow.packets.filter((p) => !p.icmp && !p.copy);
  const h: Handshake = {
    flow,
    syns: all.filter((p) => isSyn(p) && p.toward === 'toward-server'),
    synAcks: all.filter((p) => isSynAck(p) && p.toward === 'toward-client'),
    clientLater: all.filter((p) => p.toward === 'toward-server' && !(p.flags & (Tcp.syn | Tcp.rst))),
    resets: all.filter(isRst),
  };
  if (h.syns.length === 0 && h.synAcks.length === 0) return [];
  for (const rule of RULES) {
    const made = rule(h);
    if (made) return restsOnOpen(made) ? [] : [made];
  }
  return [];
}

/** Quick look at the rows: a handshake whose packets all matched and that carried data needs no closer look. */
function mayHaveFailed(flow: FlowFacts): boolean {
  const waiting =
    flow.sent('toward-server', Row.WAITING) +
    flow.received('toward-server', Row.WAITING) +
    flow.sent('toward-client', Row.WAITING) +
    flow.received('toward-client', Row.WAITING);
  return waiting > 0 || (flow.sent('toward-client', Row.BYTES) === 0 && !acknowledgedData(flow));
}

/**
 * While a capture runs: whether the draft rests on an absence that its tap has not reported on yet. Then it is no
 * finding yet.
 */
function restsOnOpen(d: Draft): boolean {
  return (
    d.evidence.some((e) => e.packets.some((p) => p.vouching?.level === 'open')) && d.grade === 'inconclusive'
  );
}

/** The server acknowledged more than the client's SYN: it took the connection. */
function acknowledgedData(flow: FlowFacts): boolean {
  const isn = flow.sent('toward-server', Row.SEQ_BASE);
  const acknowledged = flow.received('toward-client', Row.LAST_ACK);
  return isn >= 0 && acknowledged >= 0 && ((acknowledged - isn) | 0) > 1;
}
