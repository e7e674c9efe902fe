import * as Row from '../flows/rows.js';
import type { CaptureFacts } from './flow-facts.js';

const DNS_PORT = 53;
/** The response bit of the DNS flags word (RFC 1035, 4.1.1). */
const RESPONSE = 0x8000;

const cache = new WeakMap<CaptureFacts, ReadonlyMap<string, ReadonlySet<number>>>();

/**
 * Query types that a resolver answered to anybody in this capture, with whatever code: what tells a resolver whose AAAA
 * path is dead from one that is down. Looked up once per capture, and only where a query stayed unanswered.
 */
export function answeredTypes(capture: CaptureFacts, resolver: string): ReadonlySet<number> {
  let all = cache.get(capture);
  if (!all) {
    all = collect(capture);
    cache.set(capture, all);
  }
  return all.get(resolver) ?? new Set();
}

function collect(capture: CaptureFacts): Map<string, Set<number>> {
  const { intake, orientation } = capture;
  const { store } = intake;
  const types = new Map<string, Set<number>>();
  for (let flow = 0; flow < store.table.count; flow++) {
    const server = 1 - orientation.clientDirection(flow);
    if (store.table.port(flow, server) !== DNS_PORT || store.flows.data[store.flow(flow) + Row.NOTABLE] === 0)
      continue;
    for (const r of store.notable(flow)) {
      const { records } = store;
      if (!(records.dnsFlags[r] & RESPONSE) || records.tap[r] !== capture.clientTap) continue;
      const address = intake.address(flow, server);
      const known = types.get(address) ?? new Set();
      types.set(address, known.add(records.dnsType[r]));
    }
  }
  return types;
}
