import { type FlowReport, NOTE_CODES } from '@bothends/proto';
import type { FlowFacts } from './facts/flow-facts.js';
import { flowReport } from './flow-report.js';
import type { Draft } from './rules/draft.js';

/** Flows that a report lists one by one, some 60 MB of JSON; of more, those with a fault come first. */
export const LISTED = 100_000;

/** What a report says of the flows that it does not list. */
export interface Omitted {
  flows: number;
  /** Of them, those with a fault. */
  faulty: number;
}

/** Collects the lines of the flows while each is looked at, as many as a report lists. */
export class Listing {
  private readonly limit: number;
  private readonly sound = new Map<FlowFacts, FlowReport>();
  private readonly faulty = new Map<FlowFacts, FlowReport>();
  private readonly written = new Map<FlowFacts, FlowReport>();
  private count = 0;
  private faultyCount = 0;

  constructor(limit = LISTED) {
    this.limit = limit;
  }

  /**
   * Writes the line of a flow before it is its turn, as long as there may be room for it: flows are looked at in another
   * order first, and one that was put away need not be taken out again.
   */
  preview(flow: FlowFacts): void {
    if (this.written.size < this.limit) this.written.set(flow, flowReport(flow, []));
  }

  /** Takes the next flow, with what was found about it or stands for that. */
  add(flow: FlowFacts, drafts: readonly Draft[]): void {
    const isFaulty = drafts.some((d) => !NOTE_CODES.has(d.code));
    this.count++;
    if (isFaulty) this.faultyCount++;
    const lines = isFaulty ? this.faulty : this.sound;
    if (lines.size < this.limit) lines.set(flow, this.written.get(flow) ?? flowReport(flow, []));
    this.written.delete(flow);
  }

  /** The lines in the order of `flows`, and what was left out; flows that a finding is about are never left out. */
  close(
    flows: readonly FlowFacts[],
    drafts: readonly Draft[],
  ): { rows: Map<FlowFacts, FlowReport>; omitted: Omitted | null } {
    const named = new Set(drafts.map((d) => d.flow));
    const room = this.limit - this.faulty.size;
    let taken = 0;
    const rows = new Map<FlowFacts, FlowReport>();
    for (const flow of flows) {
      const faulty = this.faulty.get(flow);
      const row = faulty ?? this.sound.get(flow);
      if (faulty || named.has(flow) || (row && taken < room)) rows.set(flow, row ?? flowReport(flow, []));
      if (!faulty && row) taken++;
    }
    if (rows.size === this.count) return { rows, omitted: null };
    const listed = [...rows.keys()].filter((flow) => this.faulty.has(flow)).length;
    return { rows, omitted: { flows: this.count - rows.size, faulty: this.faultyCount - listed } };
  }
}
