import {
  BothendsError,
  type Endpoint,
  type Finding,
  type FlowReport,
  NOTE_CODES,
  type Report,
} from '@bothends/proto';
import { type FindingGroup, outcomeOf, pageOf } from '@bothends/proto/report/page';
import { endpoint } from '@bothends/proto/report/words';
import type { FlowPage, FlowQuery, FlowRow, GroupView, SummaryView } from '../page/api-types.js';

/** Kinds of fault on one page: more of them are not read, and the flow table has them all. */
const GROUPS_SHOWN = 50;
/** Findings that follow from one: the rest is in the flow table. */
const CONSEQUENCES_SHOWN = 20;

interface IndexedFlow {
  flow: FlowReport;
  findings: Finding[];
  faulty: boolean;
  /** What the text filter looks at, lower case. */
  text: string;
}

/** One report made ready for questions; 100 000 flows cost a pass over an array each. */
export class ReportView {
  readonly #report: Report;
  readonly #flows: IndexedFlow[];
  readonly #summary: SummaryView;
  readonly #flowsById: Map<string, FlowReport>;

  constructor(report: Report) {
    this.#report = report;
    const page = pageOf(report);
    const findings = new Map(report.findings.map((finding) => [finding.id, finding]));
    this.#flows = page.flows.map((flow) => indexed(flow, findings));
    this.#flowsById = new Map(report.flows.map((flow) => [flow.id, flow]));
    this.#summary = {
      engine: report.engine,
      capture: report.capture,
      taps: report.taps,
      clock: report.clock,
      headline: report.headline,
      outcome: outcomeOf(report),
      faults: page.faults.slice(0, GROUPS_SHOWN).map((group) => this.#groupView(group)),
      notes: page.notes.slice(0, GROUPS_SHOWN).map((group) => this.#groupView(group)),
      flowCount: page.totalFlows,
      faultyFlows: page.faultyFlows,
      codes: [...new Set(report.findings.map(({ code }) => code))].sort(),
    };
  }

  get summary(): SummaryView {
    return this.#summary;
  }

  /** Faulty flows first, then the busiest. */
  flows(query: FlowQuery): FlowPage {
    const text = query.text.trim().toLowerCase();
    const found = this.#flows.filter((each) => fits(each, query, text));
    return {
      total: this.#flows.length,
      matched: found.length,
      offset: query.offset,
      flows: found.slice(query.offset, query.offset + query.limit).map(row),
    };
  }

  /** One finding with what it leads to, however many others there are. @throws BothendsError `not-found` */
  finding(id: string): GroupView {
    const lead = this.#report.findings.find((finding) => finding.id === id);
    if (lead === undefined)
      throw new BothendsError('not-found', `the report has no finding ${id.slice(0, 80)}`);
    const consequences = this.#report.findings.filter(({ consequenceOf }) => consequenceOf === id);
    return this.#groupView({ lead, alike: [], more: lead.standsFor ?? 0, consequences });
  }

  #groupView({ lead, more, consequences }: FindingGroup): GroupView {
    return {
      lead,
      flow: lead.flow === null ? null : (this.#flowsById.get(lead.flow) ?? null),
      alike: more,
      consequences: consequences.slice(0, CONSEQUENCES_SHOWN),
      ends: Object.fromEntries(this.#report.taps.map(({ name, role }) => [name, role])),
    };
  }
}

function indexed(flow: FlowReport, byId: ReadonlyMap<string, Finding>): IndexedFlow {
  const findings = flow.findings.map((id) => byId.get(id)).filter((each) => each !== undefined);
  const ends = [...endsOf(flow).map(endpoint), ...(flow.names ?? []), flow.id, flow.protocol];
  return {
    flow,
    findings,
    faulty: findings.some(({ code }) => !NOTE_CODES.has(code)),
    text: [...ends, ...findings.map(({ code }) => code)].join(' ').toLowerCase(),
  };
}

function endsOf({ client, server, serverView }: FlowReport): Endpoint[] {
  const translated = serverView === null ? [] : [serverView.client, serverView.server];
  return [client, server, ...translated];
}

function fits({ flow, findings, faulty, text }: IndexedFlow, query: FlowQuery, wanted: string): boolean {
  if (query.faulty && !faulty) return false;
  if (query.code !== '' && !findings.some(({ code }) => code === query.code)) return false;
  if (query.host !== '' && !endsOf(flow).some(({ address }) => address === query.host)) return false;
  if (query.port !== 0 && !endsOf(flow).some(({ port }) => port === query.port)) return false;
  return text.includes(wanted);
}

function row({ flow, findings }: IndexedFlow): FlowRow {
  const labels = findings.map(({ id, code, grade }) => ({ id, code, grade, note: NOTE_CODES.has(code) }));
  return { ...flow, labels: labels.sort((a, b) => Number(a.note) - Number(b.note)) };
}
