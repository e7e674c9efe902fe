import type { Vouching } from '../taps.js';
import type { DnsTransaction } from './dns.js';
import type { FlowFacts } from './flow-facts.js';

/** A query without an answer for this long was given up or asked again by every common resolver library, ns. */
export const ANSWER_NS = 2_000_000_000;

/** Transmissions of one question further apart than this mean that the first stayed unanswered, ns. */
const AGAIN_NS = 900_000_000;

/** Where an unanswered question came to grief. */
export type Place = 'query-lost' | 'resolver-silent' | 'answer-lost' | 'unclear';

/** The client got no answer for certain: its tap vouches for the wait, or it asked again. */
export function isUnanswered(flow: FlowFacts, t: DnsTransaction): boolean {
  if (t.answers.some((p) => p.received)) return false;
  const sent = sentTimes(t);
  const first = sent[0];
  if (first === undefined) return false;
  return (sent.at(-1) ?? first) - first >= AGAIN_NS || vouches(waitOf(flow, t));
}

function sentTimes(t: DnsTransaction): number[] {
  return t.queries.flatMap((p) => (p.sent ? [p.sent.time] : []));
}

/** What the client's tap vouches for from a question until it was asked again, or should have been answered. */
export function waitOf(flow: FlowFacts, t: DnsTransaction): Vouching {
  const sent = sentTimes(t);
  const first = sent[0] ?? Number.NaN;
  const last = sent.at(-1) ?? first;
  return flow.vouch(flow.clientTap, first, last - first >= AGAIN_NS ? last : first + ANSWER_NS);
}

function vouches({ level }: Vouching): boolean {
  return level !== 'failed' && level !== 'open';
}

/** Where a transaction without an answer was last seen. */
export function placeOf(flow: FlowFacts, t: DnsTransaction): Place {
  // No answer comes before its question: the client's tap need not be compared with the server's clock to miss it.
  if (t.answers.length > 0)
    return t.answers.some((p) => p.fate === 'lost') || vouches(waitOf(flow, t)) ? 'answer-lost' : 'unclear';
  if (t.queries.some((p) => p.received)) return 'resolver-silent';
  return t.queries.some((p) => p.fate === 'lost') ? 'query-lost' : 'unclear';
}
