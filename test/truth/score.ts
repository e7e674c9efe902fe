import {
  type Finding,
  type FlowReport,
  GRADES,
  type Grade,
  type Report,
  type VerdictCode,
} from '@bothends/proto';
import type { Expectation } from './kinds/kind.js';
import type { Run } from './run.js';
import type { FlowLedger } from './sim/ledger.js';
import { SUPPORT } from './support.js';

/**
 * What became of an expectation or of a finding.
 * `right`: found at its grade. `weakened`: found lower, left open, or missed with taps that missed packets too.
 * `missed`: not found with sound taps. `wrong`: said at strong or better, and false. `weakly-wrong`: said
 * lower, and false. `overstated`: true, but `proven` by absence in a file, which cannot prove absence.
 */
export type Outcome = 'right' | 'weakened' | 'missed' | 'wrong' | 'weakly-wrong' | 'overstated';

export interface Mark {
  readonly code: VerdictCode;
  readonly outcome: Outcome;
  readonly text: string;
}

/** Codes whose proof is that something was not seen: without drop counts they reach `strong` at most. */
const ABSENCE_CODES: ReadonlySet<VerdictCode> = new Set<VerdictCode>([
  'rst-forged',
  'rst-lost',
  'syn-lost',
  'syn-unanswered',
  'syn-ack-lost',
  'handshake-ack-lost',
  'syn-forged',
  'data-loss',
  'ack-loss',
  'loss-in-sender',
  'pmtu-black-hole',
  'peer-silent',
  'idle-timeout',
  'udp-lost',
  'udp-unanswered',
  'dns-unanswered',
]);

/** Holds a report against the truth of its run. */
export function score(run: Run, report: Report): Mark[] {
  const claims = report.findings.map((finding) => ({ finding, flow: flowOf(finding, run, report) }));
  const marks: Mark[] = run.expectations.map((expectation) => meet(run, expectation, claims));
  for (const claim of claims) {
    const outcome = judge(run, claim);
    if (outcome) marks.push({ code: claim.finding.code, outcome, text: describe(claim.finding) });
  }
  return marks;
}

interface Claim {
  readonly finding: Finding;
  /** The truth of the flow that it is about: null for strangers, undefined for findings without a flow. */
  readonly flow: FlowLedger | null | undefined;
}

function meet(run: Run, expectation: Expectation, claims: readonly Claim[]): Mark {
  const { code, flow, direction, sender, grade } = expectation;
  const said = claims.filter(({ finding, flow: about }) => {
    return finding.code === code && about === flow && matches(finding, direction, sender);
  });
  const best = Math.min(...said.map(({ finding }) => rank(finding.grade)));
  const text = `expected ${code} ${direction ?? sender ?? ''}`;
  if (said.length === 0) {
    const seen =
      run.health !== 'sound' ||
      claims.some((claim) => claim.flow === flow && leavesOpen(claim.finding, code));
    return { code, outcome: seen ? 'weakened' : 'missed', text };
  }
  return { code, outcome: best <= rank(grade) ? 'right' : 'weakened', text };
}

/** A RST was told, and that nothing tells whether it was forged. */
function leavesOpen(finding: Finding, code: VerdictCode): boolean {
  return code === 'rst-forged' && finding.code === 'rst-genuine' && finding.grade === 'inconclusive';
}

function matches(finding: Finding, direction: string | undefined, sender: string | undefined): boolean {
  return (
    (direction === undefined || finding.direction === direction) &&
    (sender === undefined || finding.sender === sender)
  );
}

/** What is wrong with a claim, or null when nothing is. Inconclusive claims accuse nobody. */
function judge(run: Run, { finding, flow }: Claim): Outcome | null {
  if (finding.grade === 'inconclusive') return null;
  const support = SUPPORT[finding.code];
  const flows = (flow === undefined ? run.ledger.flows : [flow]).filter((one) => one !== null);
  if (!flows.some((one) => support({ ...finding, cause: null }, one))) return falseAt(finding.grade);
  if (!flows.some((one) => support(finding, one))) return falseAt(causeGrade(finding));
  return finding.grade === 'proven' && ABSENCE_CODES.has(finding.code) ? 'overstated' : null;
}

function falseAt(grade: Grade): Outcome {
  return rank(grade) <= rank('strong') ? 'wrong' : 'weakly-wrong';
}

/** A cause may be less certain than the finding: then the attribute of this name says how much. */
function causeGrade({ attributes, grade }: Finding): Grade {
  return GRADES.find((known) => known === attributes.causeGrade) ?? grade;
}

function flowOf(finding: Finding, run: Run, report: Report): FlowLedger | null | undefined {
  if (finding.flow === null) return undefined;
  const flow = report.flows.find((candidate) => candidate.id === finding.flow);
  return flow ? truthOf(flow, run) : null;
}

function truthOf(flow: FlowReport, run: Run): FlowLedger | null {
  return run.ledger.flowOfPorts(flow.client.port, flow.server.port);
}

function rank(grade: Grade): number {
  return GRADES.indexOf(grade);
}

function describe(finding: Finding): string {
  const about = [finding.direction, finding.sender, finding.cause].filter((part) => part !== null).join(' ');
  return `${finding.code} ${finding.grade} ${about}: ${finding.statement}`;
}
