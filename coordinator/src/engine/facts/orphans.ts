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

const cache = new WeakMap<CaptureFacts, number[]>();

/**
 * A SYN of another tuple that only the far tap saw, alike in all that no device rewrites, at the same moment: it may be
 * this one behind a device that rewrote addresses and numbers both. Null when there is none.
 */
export function lookAlike(flow: FlowFacts, syn: Packet): number | null {
  const { capture } = flow;
  const { records } = capture.intake.store;
  for (const r of orphans(capture)) {
    if (records.tap[r] === syn.seenBy || records.flow[r] === flow.flow) continue;
    if (records.window[r] !== syn.window || records.wscale[r] !== syn.wscale) continue;
    if (records.ipVersion[r] !== syn.ipVersion || records.options[r] !== syn.options) continue;
    const at = capture.intake.timeline.common(records.tap[r], records.time[r]);
    if (Math.abs(at - syn.at) <= SAME_MOMENT_NS) return r;
  }
  return null;
}

/** First SYNs of flows that one tap only saw, whether the report shows them or not. */
function orphans(capture: CaptureFacts): number[] {
  let list = cache.get(capture);
  if (!list) {
    list = findOrphans(capture.intake);
    cache.set(capture, list);
  }
  return list;
}

function findOrphans(intake: Intake): number[] {
  const { store } = intake;
  const { records } = store;
  const found: number[] = [];
  for (let flow = 0; flow < store.table.count && found.length < LIMIT; flow++) {
    if (store.table.protocol(flow) !== 6 || isMatched(intake, flow)) continue;
    const syn = store
      .notable(flow)
      .find(
        (r) => (records.flags[r] & (Tcp.syn | Tcp.ack)) === Tcp.syn && !(records.state[r] & State.icmpError),
      );
    if (syn !== undefined) found.push(syn);
  }
  return found;
}

function isMatched(intake: Intake, flow: number): boolean {
  const { store } = intake;
  return [0, 1].some((direction) => store.directions.data[store.direction(flow, direction) + Row.PAIRS] > 0);
}
