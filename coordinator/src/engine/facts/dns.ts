import type { FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** Bits of the DNS flags word (RFC 1035, 4.1.1). */
const RESPONSE = 0x8000;
const RCODE = 0x000f;

/** One question with all its transmissions, and whatever answered it; oldest first. */
export interface DnsTransaction {
  id: number;
  /** Query type, 0 where the captures cut it off. */
  type: number;
  queries: Packet[];
  answers: Packet[];
}

/** The transactions of a flow: a query is the same question again when id, type and name digest agree. */
export function dnsTransactions(flow: FlowFacts): DnsTransaction[] {
  const transactions: DnsTransaction[] = [];
  const names = new Map<DnsTransaction, number>();
  for (const p of flow.packets) {
    const { dns } = p;
    if (!dns || p.icmp || p.copy) continue;
    const isAnswer = (dns.flags & RESPONSE) !== 0;
    if (isAnswer !== (p.toward === 'toward-client')) continue;
    const agrees = (t: DnsTransaction) =>
      t.id === dns.id && isSame(t.type, dns.type) && isSame(names.get(t) ?? 0, dns.name);
    let transaction = transactions.findLast(agrees);
    if (!transaction) {
      transaction = { id: dns.id, type: dns.type, queries: [], answers: [] };
      transactions.push(transaction);
      names.set(transaction, dns.name);
    }
    (isAnswer ? transaction.answers : transaction.queries).push(p);
  }
  return transactions;
}

/** A snaplen that cuts a question leaves 0; an error answer may come without its question. */
function isSame(a: number, b: number): boolean {
  return a === 0 || b === 0 || a === b;
}

export function rcodeOf(answer: Packet): number {
  return (answer.dns?.flags ?? 0) & RCODE;
}

const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  43: 'DS',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  255: 'ANY',
  257: 'CAA',
};

/** The type's name; `TYPEn` as in RFC 3597 where it has none here, null where it was not captured. */
export function typeName(type: number): string | null {
  return type === 0 ? null : (TYPES[type] ?? `TYPE${type}`);
}

const RCODES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  3: 'NXDOMAIN',
  4: 'NOTIMP',
  5: 'REFUSED',
  9: 'NOTAUTH',
};

export function rcodeName(rcode: number): string {
  return RCODES[rcode] ?? `RCODE${rcode}`;
}
