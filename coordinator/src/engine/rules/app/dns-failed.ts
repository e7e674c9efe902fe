import { type DnsTransaction, dnsTransactions, rcodeName, rcodeOf, typeName } from '../../facts/dns.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet } from '../../facts/packet.js';
import { gradeCase } from '../../grade.js';
import { type Draft, draft, exhibit } from '../draft.js';

const NXDOMAIN = 3;

/**
 * A name that does not exist, followed by one that does, from the same socket within this time, is a search list
 * at work (resolv.conf `search`), no fault, ns.
 */
const SEARCH_NS = 1_000_000_000;

/** `dns-failed`: the resolver answered with an error; one finding for each type and code of a flow. */
export function dnsFailed(flow: FlowFacts): Draft[] {
  const all = dnsTransactions(flow);
  const groups = new Map<string, DnsTransaction[]>();
  for (const t of all) {
    const last = t.answers.at(-1);
    // What was damaged on the way is not what the resolver said.
    if (!last || last.altered || rcodeOf(last) === 0 || isSearch(last, all)) continue;
    const key = `${t.type} ${rcodeOf(last)}`;
    groups.set(key, [...(groups.get(key) ?? []), t]);
  }
  return [...groups.values()].map((transactions) => failed(flow, transactions));
}

/** True when another name was found right after this one was not. */
function isSearch(answer: Packet, all: readonly DnsTransaction[]): boolean {
  if (rcodeOf(answer) !== NXDOMAIN) return false;
  return all.some((t) =>
    t.answers.some((p) => rcodeOf(p) === 0 && p.at > answer.at && p.at - answer.at <= SEARCH_NS),
  );
}

function failed(flow: FlowFacts, transactions: readonly DnsTransaction[]): Draft {
  const answers = transactions.flatMap((t) => t.answers.filter((p) => rcodeOf(p) !== 0));
  const first = answers[0] as Packet;
  const rcode = rcodeOf(first);
  const type = typeName(transactions[0]?.type ?? 0);
  const left = answers.find((p) => p.sent);
  const n = transactions.length;
  const query = `${type ?? 'DNS'} ${n === 1 ? 'query' : 'queries'}`;
  return draft({
    code: 'dns-failed',
    // Seen leaving the resolver, nothing is inferred. Seen at the client alone, somebody else may have answered; and what
    // answers no question that anybody saw may be something else than DNS.
    grade:
      left && transactions.some((t) => t.queries.length > 0)
        ? gradeCase({ lines: 1, conclusive: true, absence: null, headersOnly: false, counter: 0 })
        : 'likely',
    flow,
    direction: 'toward-client',
    sender: left ? 'server' : null,
    blame: left ? 'server-host' : 'unknown',
    at: left?.sent ?? first.received,
    statement: `The resolver ${flow.server.address} answered ${n === 1 ? 'the' : n} ${query} with ${rcodeName(rcode)} (${rcode}).`,
    attributes: { type, rcode, count: n },
    evidence: [exhibit('answer', `response code ${rcode}, ${rcodeName(rcode)}`, ...answers)],
    missing: left
      ? []
      : ['the same answer in a capture at the resolver: a device on the path can answer in its name'],
  });
}
