import {
  type Finding,
  formatInstant,
  type Instant,
  NOTE_CODES,
  REPORT_SCHEMA,
  type Report,
  type TapReport,
} from '@bothends/proto';
import type { CaptureFacts, FlowFacts } from '../facts/flow-facts.js';
import type { Sighting } from '../facts/packet.js';
import { markerReport } from '../intake/markers.js';
import { unreadReport } from '../intake/unread.js';
import { type Draft, type Exhibit, packetRefs, sentenceOf } from '../rules/draft.js';
import { absolute, type Tap } from '../taps.js';
import type { EngineOptions } from '../types.js';
import { ENGINE_VERSION } from '../version.js';
import { clockReport } from './clock-report.js';
import type { Listing } from './listing.js';
import { remedyFor } from './remedy.js';

/** Packets named per piece of evidence: enough to look up, few enough to read. */
const REFERENCES = 6;

const NONE: readonly Draft[] = [];
const NO_IDS: readonly string[] = [];

/** All that was found about the flows of a capture. */
export interface Judgement {
  /** Ranked. */
  readonly drafts: readonly Draft[];
  /** What was found about another flow and holds for this one, too. */
  readonly standIns: (flow: FlowFacts) => readonly Draft[];
  readonly listing: Listing;
}

/** Writes the report down. */
export function buildReport(
  options: EngineOptions,
  capture: CaptureFacts,
  flows: readonly FlowFacts[],
  { drafts, standIns, listing }: Judgement,
): Report {
  const ids = new Map(drafts.map((d, i) => [d, `F${i + 1}`]));
  const findings = drafts.map((d) => finding(d, ids));
  const byFlow = new Map<FlowFacts, Draft[]>();
  for (const d of drafts) if (d.flow) byFlow.set(d.flow, [...(byFlow.get(d.flow) ?? []), d]);
  const idsOf = (flow: FlowFacts): readonly string[] => {
    const [own, others] = [byFlow.get(flow) ?? NONE, standIns(flow)];
    if (own.length + others.length === 0) return NO_IDS;
    return [...own, ...others].map((d) => ids.get(d)).filter((id) => id !== undefined);
  };
  const { rows, omitted } = listing.close(flows, drafts, idsOf);
  const taps = tapOrder(capture).map((tap) => tapReport(capture, tap));
  return {
    schema: REPORT_SCHEMA,
    engine: ENGINE_VERSION,
    capture: {
      id: options.captureId,
      name: options.captureName,
      startedAt:
        taps
          .map((t) => t.openedAt)
          .filter((t) => t !== null)
          .sort()[0] ?? null,
      endedAt:
        taps
          .map((t) => t.closedAt)
          .filter((t) => t !== null)
          .sort()
          .at(-1) ?? null,
    },
    taps,
    clock: clockReport(capture),
    flows: rows,
    ...(omitted === null ? {} : { flowsOmitted: omitted }),
    findings,
    headline: headline(findings, flows, capture),
  };
}

/** The client's tap first, whatever order the taps came in. */
function tapOrder(capture: CaptureFacts): Tap[] {
  return [capture.taps[capture.clientTap], capture.taps[1 - capture.clientTap] as Tap];
}

function tapReport(capture: CaptureFacts, tap: Tap): TapReport {
  const c = tap.coverage;
  const instant = (time: number): Instant | null =>
    Number.isNaN(time) ? null : formatInstant(absolute(tap, time));
  const unread = unreadReport(tap);
  const marker = markerReport(tap, capture.taps[1 - tap.index] as Tap);
  const lossy = (c?.gaps.length ?? 0) > 0 || (c?.kernelDrops ?? 0) > 0 || (c?.agentDrops ?? 0) > 0;
  return {
    name: tap.description.name,
    role: tap.index === capture.clientTap ? 'client' : 'server',
    backEnd: c?.backEnd ?? 'unknown',
    filter: c?.filter ?? '',
    interfaces: [...(c?.interfaces ?? [])],
    snaplen: c?.snaplen ?? 0,
    openedAt: c?.openedNs != null ? formatInstant(c.openedNs) : instant(tap.first),
    closedAt: c?.closedNs != null ? formatInstant(c.closedNs) : instant(tap.last),
    packets: c?.packets ?? tap.packets,
    kernelDrops: c?.kernelDrops ?? null,
    agentDrops: c?.agentDrops ?? 0,
    timestamps: c?.timestamps ?? 'file',
    coverage:
      lossy || tap.missed > 0 || tap.untracked > 0 ? 'gaps' : c?.kernelDrops === 0 ? 'complete' : 'unknown',
    gaps: (c?.gaps ?? []).map((gap) => ({
      from: formatInstant(gap.fromNs),
      to: formatInstant(gap.toNs),
      packets: gap.packets,
      cause: gap.cause,
    })),
    ...(marker === undefined ? {} : { marker }),
    ...(c?.endedBy === undefined ? {} : { endedBy: c.endedBy }),
    ...(c?.names === undefined ? {} : { names: c.names }),
    ...(tap.untracked > 0 ? { untracked: tap.untracked } : {}),
    ...(tap.cut > 0 ? { cutShort: tap.cut } : {}),
    ...(unread.length > 0 ? { notRead: unread } : {}),
  };
}

function finding(d: Draft, ids: ReadonlyMap<Draft, string>): Finding {
  const evidence = (e: Exhibit) => ({
    kind: e.kind,
    text: e.text,
    packets: d.flow ? e.packets.slice(0, REFERENCES).flatMap((p) => packetRefs(d.flow as FlowFacts, p)) : [],
  });
  return {
    id: ids.get(d) ?? '',
    code: d.code,
    grade: d.grade,
    flow: d.flow?.id ?? null,
    direction: d.direction,
    sender: d.sender,
    cause: d.cause,
    blame: d.blame,
    at: d.at && d.flow ? instantOf(d.flow, d.at) : null,
    statement: sentenceOf(d),
    attributes: d.attributes,
    evidence: d.evidence.map(evidence),
    counter: d.counter.map(evidence),
    assumptions: uniqueAssumptions(d),
    missing: [...new Set(d.missing)],
    consequenceOf: d.consequenceOf ? (ids.get(d.consequenceOf) ?? null) : null,
    remedy: remedyFor(d),
    ...(d.standsFor > 0 ? { standsFor: d.standsFor } : {}),
  };
}

function uniqueAssumptions(d: Draft): { text: string; checked: boolean }[] {
  const seen = new Map(d.assumptions.map((a) => [a.text, a]));
  return [...seen.values()];
}

function instantOf(flow: FlowFacts, sighting: Sighting): Instant {
  return formatInstant(absolute(flow.capture.taps[sighting.tap], sighting.time));
}

function headline(findings: readonly Finding[], flows: readonly FlowFacts[], capture: CaptureFacts): string {
  const first = findings.find((f) => !NOTE_CODES.has(f.code));
  if (first) return first.statement;
  const matched = flows.reduce((sum, flow) => sum + flow.matched, 0);
  if (matched === 0) {
    const [a, b] = capture.taps;
    return `No flow is seen at both ends: ${a.description.name} holds ${a.packets} packets, ${b.description.name} ${b.packets}.`;
  }
  const both = flows.filter((flow) => flow.matched > 0).length;
  const found = `No fault found: ${both} ${both === 1 ? 'flow' : 'flows'}, ${matched} packets matched at both ends.`;
  return [found, ...strayAttempts(capture)].join(' ');
}

/** A host may be known by an address that its capture never shows: what went unanswered there is not kept from the reader. */
function strayAttempts({ taps, strayAttempts: counts }: CaptureFacts): string[] {
  return counts.flatMap((count, tap) => {
    if (count === 0) return [];
    const [own, far] = [taps[tap], taps[1 - tap]] as [Tap, Tap];
    const attempts = count === 1 ? 'A connection attempt' : `${count} connection attempts`;
    return [
      `${attempts} in ${own.description.name} got no answer, to addresses that ${far.description.name} does not have: not judged.`,
    ];
  });
}
