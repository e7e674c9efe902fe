import { BOTH_WAYS, type FlowFacts } from '../../facts/flow-facts.js';
import { Hint } from '../../flows/hints.js';
import * as Row from '../../flows/rows.js';
import type { Draft } from '../draft.js';
import { dnsFailed } from './dns-failed.js';
import { dnsUnanswered } from './dns-unanswered.js';
import { httpBodyCut } from './http-body-cut.js';
import { icmpErrors } from './icmp-error.js';
import { slowness } from './slow.js';
import { tlsAlerts, tlsEncryptedAlert } from './tls-alert.js';
import { tlsHelloReset } from './tls-hello-reset.js';
import { udpLost } from './udp-lost.js';
import { udpUnanswered } from './udp-unanswered.js';

const DNS_PORT = 53;

/** Verdicts about what applications said, UDP, ICMP and time. Packets are only looked at where the rows ask for it. */
export function applications(flow: FlowFacts): Draft[] {
  const hints = flow.flowWord(Row.HINTS);
  const errors = hints & Hint.icmpError ? icmpErrors(flow) : [];
  const own = flow.protocol === 'udp' ? datagrams(flow, hints, errors) : streams(flow, hints);
  return [...own, ...errors, ...slowness(flow)];
}

function streams(flow: FlowFacts, hints: number): Draft[] {
  const drafts: Draft[] = [];
  if (hints & Hint.clientHello && flow.flowWord(Row.RESETS) > 0) drafts.push(...tlsHelloReset(flow));
  if (hints & Hint.tlsAlert) drafts.push(...tlsAlerts(flow));
  else if (hints & Hint.clientHello) drafts.push(...tlsEncryptedAlert(flow));
  if (hints & Hint.dnsError) drafts.push(...dnsFailed(flow));
  drafts.push(...httpBodyCut(flow));
  return drafts;
}

function datagrams(flow: FlowFacts, hints: number, errors: readonly Draft[]): Draft[] {
  if (!(hints & Hint.dns) || flow.server.port !== DNS_PORT) {
    const lost = udpLost(flow);
    return lost.length > 0 || errors.length > 0 ? lost : udpUnanswered(flow);
  }
  const drafts: Draft[] = hints & Hint.dnsError ? dnsFailed(flow) : [];
  if (!mayLackAnswers(flow)) return drafts;
  const unanswered = dnsUnanswered(flow);
  drafts.push(...unanswered);
  // A question that died is told as such; a datagram that died and was sent again is told as a loss.
  if (unanswered.length === 0) drafts.push(...udpLost(flow));
  return drafts;
}

/** Quick look at the rows: as many answers as questions, all matched and whole, needs no closer look. */
function mayLackAnswers(flow: FlowFacts): boolean {
  if (BOTH_WAYS.some((toward) => flow.sent(toward, Row.WAITING) > 0)) return true;
  const asked = flow.sent('toward-server', Row.PACKETS);
  const answered = flow.received('toward-client', Row.PACKETS);
  if (asked !== answered) return true;
  return flow.matched < asked + answered;
}
