import { bothRecords } from '../../facts/counterpart.js';
import type { FlowFacts } from '../../facts/flow-facts.js';
import type { Packet, Toward } from '../../facts/packet.js';
import { gradeCase } from '../../grade.js';

/** One packet as a row of record columns at its sender's tap and at its receiver's. */
export interface Pair {
  packet: Packet;
  sent: number;
  received: number;
}

/** The packets of a direction whose records at both taps are at hand and satisfy a test, oldest first. */
export function pairsWhere(flow: FlowFacts, toward: Toward, test: (pair: Pair) => boolean): Pair[] {
  const pairs: Pair[] = [];
  for (const packet of flow.packets) {
    if (packet.toward !== toward || packet.icmp) continue;
    const records = bothRecords(flow, packet);
    if (!records) continue;
    const pair = { packet, ...records };
    if (test(pair)) pairs.push(pair);
  }
  return pairs;
}

/** The same packet differs between the taps: nothing absent is claimed, and no other explanation is left. */
export function gradeChange() {
  return gradeCase({ lines: 1, conclusive: true, absence: null, headersOnly: false, counter: 0 });
}

/** The same of packets that are paired by what the protocol offers: a datagram is known by its id alone, and ids come again. */
export function gradePairs(flow: FlowFacts, doubts: number) {
  return gradeCase({
    lines: 1,
    conclusive: flow.protocol === 'tcp',
    absence: null,
    headersOnly: false,
    counter: doubts,
  });
}

/** The direction of a finding about one way or both. */
export function wayOf(ways: readonly Toward[]): Toward | 'both' | null {
  return ways.length > 1 ? 'both' : (ways[0] ?? null);
}

/** The same in the words of a statement. */
export function wayText(way: Toward | 'both' | null): string {
  if (way === 'both') return 'in both directions';
  return way === 'toward-server' ? 'on the way to the server' : 'on the way to the client';
}
