import { Tcp } from '@bothends/proto';
import { State } from '../flows/records.js';
import * as Row from '../flows/rows.js';
import type { Intake } from '../intake/intake.js';
import type { CaptureFacts, FlowFacts } from './flow-facts.js';
import type { Packet } from './packet.js';

/** A SYN and one that a device made of it are seen within this time of one another, ns. */
const SAME_MOMENT_NS = 1_500_000_000;

/** Flows looked at; beyond it a coincidence would be certain anyway. */
const LIMIT = 4096;

/** First SYN of a flow that one tap only saw, and when it came, on tap 0's clock. */
interface Orphan {
  flow: number;
  at: number;
}

/** By what no device rewrites and the tap that saw them, in the order in which they came. */
type Orphans = ReadonlyMap<string, readonly Orphan[]>;

const cache = new WeakMap<CaptureFacts, Orphans>();

/**
 * Whether there is a SYN of another tuple that only the far tap saw, alike in all that no device rewrites, at the same
 * moment: it may be this one behind a device that rewrote addresses and numbers both.
 */
export function hasLookAlike(flow: FlowFacts, syn: Packet): boolean {
  const alike = orphans(flow.capture).get(keyOf(1 - syn.seenBy, syn)) ?? [];
  for (let i = firstFrom(alike, syn.at - SAME_MOMENT_NS); i < alike.length; i++) {
    const orphan = alike[i] as Orphan;
    if (orphan.at > syn.at + SAME_MOMENT_NS) return false;
    if (orphan.flow !== flow.flow) return true;
  }
  return false;
}

/** Index of the first that came at `at` or later. */
function firstFrom(sorted: readonly Orphan[], at: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as Orphan).at < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

function keyOf(tap: number, syn: Pick<Packet, 'window' | 'wscale' | 'ipVersion' | 'options'>): string {
  return `${tap} ${syn.window} ${syn.wscale} ${syn.ipVersion} ${syn.options}`;
}

/** First SYNs of flows that one tap only saw, whether the report shows them or not. */
function orphans(capture: CaptureFacts): Orphans {
  let found = cache.get(capture);
  if (!found) {
    found = findOrphans(capture.intake);
    cache.set(capture, found);
  }
  return found;
}

function findOrphans(intake: Intake): Orphans {
  const { store, timeline } = intake;
  const { records } = store;
  const found = new Map<string, Orphan[]>();
  let count = 0;
  for (let flow = 0; flow < store.table.count && count < LIMIT; flow++) {
    if (store.table.protocol(flow) !== 6 || isMatched(intake, flow)) continue;
    const syn = store.notable(flow).find((r) => isFirstSyn(records, r));
    if (syn === undefined) continue;
    count++;
    const tap = records.tap[syn];
    const key = keyOf(tap, {
      window: records.window[syn],
      wscale: records.wscale[syn],
      ipVersion: records.ipVersion[syn] as Packet['ipVersion'],
      options: records.options[syn],
    });
    const same = found.get(key) ?? [];
    found.set(key, same);
    same.push({ flow, at: timeline.common(tap, records.time[syn]) });
  }
  for (const same of found.values()) same.sort((a, b) => a.at - b.at);
  return found;
}

function isFirstSyn({ flags, state }: Intake['store']['records'], r: number): boolean {
  return (flags[r] & (Tcp.syn | Tcp.ack)) === Tcp.syn && !(state[r] & State.icmpError);
}

function isMatched(intake: Intake, flow: number): boolean {
  const { store } = intake;
  return [0, 1].some((direction) => store.directions.data[store.direction(flow, direction) + Row.PAIRS] > 0);
}
