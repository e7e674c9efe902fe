import { Tcp } from '@bothends/proto';
import type { Intake } from '../intake.js';
import { State } from '../match/records.js';
import * as Row from '../match/rows.js';
import type { CaptureFacts, FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** A SYN and one that a device made of it are seen within this time of one another, ns. */
const SAME_MOMENT_NS = 1_500_000_000;

/** Flows looked at; beyond it a coincidence would be certain anyway. */
const LIMIT = 4096;

/** First SYN of a flow that one tap only saw: what no device rewrites, and when it came, on tap 0's clock. */
interface Orphan {
  flow: number;
  tap: number;
  window: number;
  wscale: number;
  ipVersion: number;
  options: number;
  at: number;
}

const cache = new WeakMap<CaptureFacts, Orphan[]>();

/**
 * Whether there is a SYN of another tuple that only the far tap saw, alike in all that no device rewrites, at the same
 * moment: it may be this one behind a device that rewrote addresses and numbers both.
 */
export function hasLookAlike(flow: FlowFacts, syn: Packet): boolean {
  return orphans(flow.capture).some(
    (o) =>
      o.tap !== syn.seenBy &&
      o.flow !== flow.flow &&
      o.window === syn.window &&
      o.wscale === syn.wscale &&
      o.ipVersion === syn.ipVersion &&
      o.options === syn.options &&
      Math.abs(o.at - syn.at) <= SAME_MOMENT_NS,
  );
}

/** First SYNs of flows that one tap only saw, whether the report shows them or not. */
function orphans(capture: CaptureFacts): Orphan[] {
  let list = cache.get(capture);
  if (!list) {
    list = findOrphans(capture.intake);
    cache.set(capture, list);
  }
  return list;
}

function findOrphans(intake: Intake): Orphan[] {
  const { store } = intake;
  const { records } = store;
  const found: Orphan[] = [];
  for (let flow = 0; flow < store.table.count && found.length < LIMIT; flow++) {
    if (store.table.protocol(flow) !== 6 || isMatched(intake, flow)) continue;
    const syn = store
      .notable(flow)
      .find(
        (r) => (records.flags[r] & (Tcp.syn | Tcp.ack)) === Tcp.syn && !(records.state[r] & State.icmpError),
      );
    if (syn !== undefined) found.push(orphanOf(intake, syn));
  }
  return found;
}

function orphanOf({ store: { records }, timeline }: Intake, r: number): Orphan {
  return {
    flow: records.flow[r],
    tap: records.tap[r],
    window: records.window[r],
    wscale: records.wscale[r],
    ipVersion: records.ipVersion[r],
    options: records.options[r],
    at: timeline.common(records.tap[r], records.time[r]),
  };
}

function isMatched(intake: Intake, flow: number): boolean {
  const { store } = intake;
  return [0, 1].some((direction) => store.directions.data[store.direction(flow, direction) + Row.PAIRS] > 0);
}
