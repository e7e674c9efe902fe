import type { End, Finding, FlowReport, Report } from '@bothends/proto';

/** What the coordinator's page and its server say to each other, as JSON. Times are UTC instants, counts numbers. */

export interface SessionView {
  name: string;
  role: 'viewer' | 'operator' | 'admin';
  /** To be sent back as `x-bothends-csrf` with everything that changes something. */
  csrf: string;
  expiresAt: string;
  mayOperate: boolean;
  /** Signed in by a link of their own: may consent in their name. */
  isOwn: boolean;
}

export interface TapView {
  agent: string;
  role: string;
  state: string;
  reason: string;
  packets: number;
  /** Null where nobody counts them. */
  kernelDrops: number | null;
  agentDrops: number;
  online: boolean;
  /** Owners of whom one has to approve before the capture begins on this host; empty: none, or one has. */
  waitsFor: string[];
}

export interface CaptureView {
  id: string;
  name: string;
  state: string;
  reason: string;
  filter: string;
  requestedBy: string;
  /** What it asks for beyond headers and digests, in words; empty: nothing. */
  extras: string;
  requestedAt: string;
  startedAt: string | null;
  endedAt: string | null;
  headline: string;
  taps: TapView[];
}

export interface AgentView {
  name: string;
  online: boolean;
  version: string;
  interfaces: string[];
  /** Agent's clock minus the coordinator's; null before the first exchange. */
  clockOffsetNs: number | null;
  clockErrorNs: number | null;
}

/** What the form asks for; everything but the hosts may be left at its default. */
export interface StartView {
  client: string;
  server: string;
  /** 0: none was asked about. */
  port: number;
  filter: string;
  name: string;
  durationMs: number;
}

/** One finding and how many others say the same about other flows. */
export interface GroupView {
  lead: Finding;
  flow: FlowReport | null;
  alike: number;
  consequences: Finding[];
  /** Whose end each tap is at, by its name in the evidence. */
  ends: Record<string, End>;
}

/** A report without its flows, which come page by page. */
export interface SummaryView extends Pick<Report, 'engine' | 'capture' | 'taps' | 'clock' | 'headline'> {
  outcome: 'fault' | 'inconclusive' | 'clean';
  faults: GroupView[];
  notes: GroupView[];
  flowCount: number;
  faultyFlows: number;
  /** Codes that occur, for the filter. */
  codes: string[];
}

export interface FlowQuery {
  /** Part of an address, a port, an id or a code. */
  text: string;
  /** Exact address of either end; empty: any. */
  host: string;
  /** Port of either end; 0: any. */
  port: number;
  /** Verdict code; empty: any. */
  code: string;
  faulty: boolean;
  offset: number;
  limit: number;
}

export interface FlowRow extends FlowReport {
  labels: { id: string; code: string; grade: string; note: boolean }[];
}

export interface FlowPage {
  /** Flows of the capture. */
  total: number;
  /** Flows that the query asks for. */
  matched: number;
  offset: number;
  flows: FlowRow[];
}

export interface ProblemView {
  code: string;
  message: string;
}
