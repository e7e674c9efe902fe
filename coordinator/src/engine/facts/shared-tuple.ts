import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { CaptureFacts, FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** A packet leaves and arrives within this time, ns: a path's delay and queues. */
const SAME_MOMENT_NS = 1_500_000_000;

/** A RST that one tap only saw, and when, on tap 0's clock. */
interface Stray {
  flow: number;
  at: number;
}

/** By the tap that saw them and their numbers. */
type Strays = ReadonlyMap<string, readonly Stray[]>;

const cache = new WeakMap<CaptureFacts, Strays>();

/**
 * Whether the other tap has a RST that one tap only saw, but on another connection. A device that translates addresses and
 * forgets a connection gives its port to the next one: at the far end both are one tuple, and what either of them
 * says is taken for the other's.
 */
export function isOfAnotherConnection(flow: FlowFacts, rst: Packet): boolean {
  if (rst.sent && rst.received) return false;
  const { capture } = flow;
  let strays = cache.get(capture);
  if (!strays) {
    strays = findStrays(capture.intake);
    cache.set(capture, strays);
  }
  const key = keyOf(1 - rst.seenBy, rst.flags, rst.sequence, rst.acknowledgment);
  const alike = strays.get(key) ?? [];
  return alike.some((other) => other.flow !== flow.flow && Math.abs(other.at - rst.at) <= SAME_MOMENT_NS);
}

function keyOf(tap: number, flags: number, sequence: number, acknowledgment: number): string {
  return `${tap} ${flags} ${sequence >>> 0} ${acknowledgment >>> 0}`;
}

function findStrays({ store, timeline }: Intake): Strays {
  const { records } = store;
  const found = new Map<string, Stray[]>();
  for (let flow = 0; flow < store.table.count; flow++) {
    if (store.table.protocol(flow) !== 6 || store.flows.data[store.flow(flow) + Row.RESETS] === 0) continue;
    for (const r of store.notable(flow)) {
      // A number of zero answers a SYN: many connections have the same.
      if (!(records.flags[r] & Tcp.rst) || records.sequence[r] === 0) continue;
      if (records.state[r] & (State.matched | State.icmpError)) continue;
      const tap = records.tap[r];
      const key = keyOf(tap, records.flags[r], records.sequence[r], records.acknowledgment[r]);
      const same = found.get(key) ?? [];
      found.set(key, same);
      same.push({ flow, at: timeline.common(tap, records.time[r]) });
    }
  }
  return found;
}
