import { GRADES, NOTE_CODES } from './codes.js';
import type { Finding, FlowReport, Report } from './types.js';

/** One finding and those that say the same about other flows. */
export interface FindingGroup {
  readonly lead: Finding;
  readonly alike: readonly Finding[];
  /** Flows beside the lead's of which the same is said, those that have no finding of their own included. */
  readonly more: number;
  /** Findings that this one explains. */
  readonly consequences: readonly Finding[];
}

/** What a report says, in the order in which a reader wants it; the same for text, markdown and HTML. */
export interface Page {
  readonly faults: readonly FindingGroup[];
  readonly notes: readonly FindingGroup[];
  /** Flows with a fault first, then those with notes, then the rest; busiest first within each. */
  readonly flows: readonly FlowReport[];
  readonly faultyFlows: number;
  /** All flows, those that the report does not list included. */
  readonly totalFlows: number;
}

/** What a report comes to: exit status 10, 11 or 0 with `--exit-code`. */
export type Outcome = 'fault' | 'inconclusive' | 'clean';

/** Orders and groups the findings and flows of a report. */
export function pageOf(report: Report): Page {
  const own = report.findings.filter((f) => f.consequenceOf === null);
  const isNote = (f: Finding) => NOTE_CODES.has(f.code);
  const faultIds = new Set(report.findings.filter((f) => !isNote(f)).map((f) => f.id));
  const weight = (flow: FlowReport) =>
    flow.findings.some((id) => faultIds.has(id)) ? 2 : flow.findings.length > 0 ? 1 : 0;
  const flows = report.flows
    .map((flow) => ({ flow, weight: weight(flow), packets: flow.packets.clientTap + flow.packets.serverTap }))
    .sort((a, b) => b.weight - a.weight || b.packets - a.packets);
  return {
    faults: grouped(
      ranked(
        own.filter((f) => !isNote(f)),
        report,
      ),
      report,
    ),
    notes: grouped(own.filter(isNote), report),
    flows: flows.map((f) => f.flow),
    faultyFlows: flows.filter((f) => f.weight === 2).length + (report.flowsOmitted?.faulty ?? 0),
    totalFlows: report.flows.length + (report.flowsOmitted?.flows ?? 0),
  };
}

/** The finding of the headline first, then by grade; the engine's order decides between equals. */
function ranked(findings: readonly Finding[], report: Report): Finding[] {
  const rank = (f: Finding) => (report.headline.includes(f.statement) ? -1 : GRADES.indexOf(f.grade));
  return [...findings].sort((a, b) => rank(a) - rank(b));
}

/** Groups the findings that differ only in their flow, so that a hundred equal faults take one line. */
function grouped(findings: readonly Finding[], report: Report): FindingGroup[] {
  const groups = new Map<string, Finding[]>();
  for (const f of findings) {
    const key = [f.code, f.grade, f.direction, f.sender, f.cause, f.blame].join('|');
    const group = groups.get(key);
    if (group) group.push(f);
    else groups.set(key, [f]);
  }
  return [...groups.values()].map(([lead, ...alike]) => ({
    lead: lead as Finding,
    alike,
    more: [lead as Finding, ...alike].reduce((sum, { standsFor = 0 }) => sum + standsFor, alike.length),
    consequences: report.findings.filter((f) => f.consequenceOf === lead?.id),
  }));
}

/** A fault is any finding but a note; without one, undecided findings or unmatched taps are inconclusive. */
export function outcomeOf(report: Report): Outcome {
  const faults = report.findings.filter((f) => !NOTE_CODES.has(f.code));
  if (faults.some((f) => f.grade !== 'inconclusive')) return 'fault';
  const matched = report.flows.some((flow) => flow.packets.matched > 0);
  return faults.length > 0 || !matched ? 'inconclusive' : 'clean';
}
