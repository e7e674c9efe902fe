import { type FlowReport, NOTE_CODES } from '@bothends/proto';
import type { FlowFacts } from '../facts/flow-facts.js';
import type { Draft } from '../rules/draft.js';
import { flowReport } from './flow-report.js';

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
  /** Lines that were written, by number of the flow. */
  private readonly lines: (FlowReport | undefined)[] = [];
  /** By number of the flow, whether something is wrong with it; undefined: not listed, or not its turn yet. */
  private readonly faults: (boolean | undefined)[] = [];
  private previewed = 0;
  private listedSound = 0;
  private listedFaulty = 0;
  private count = 0;
  private faultyCount = 0;

  constructor(limit = LISTED) {
    this.limit = limit;
  }

  /**
   * Writes the line of a flow ahead of its turn, as long as there may be room for it. Flows are first looked at
   * in another order, and one that was put away then need not be taken out again.
   */
  preview(flow: FlowFacts): void {
    if (this.previewed++ < this.limit) this.lines[flow.flow] = flowReport(flow);
  }

  /** Takes the next flow, with what was found about it or stands for that. */
  add(flow: FlowFacts, drafts: readonly Draft[]): void {
    const isFaulty = drafts.some((d) => !NOTE_CODES.has(d.code));
    this.count++;
    if (isFaulty) this.faultyCount++;
    if ((isFaulty ? this.listedFaulty : this.listedSound) >= this.limit) {
      this.lines[flow.flow] = undefined;
      return;
    }
    if (isFaulty) this.listedFaulty++;
    else this.listedSound++;
    this.faults[flow.flow] = isFaulty;
    this.lines[flow.flow] ??= flowReport(flow);
  }

  /**
   * The lines in the order of `flows`, each with the findings of `idsOf`, and what was left out; flows that a finding is
   * about are never left out.
   */
  close(
    flows: readonly FlowFacts[],
    drafts: readonly Draft[],
    idsOf: (flow: FlowFacts) => readonly string[],
  ): { rows: FlowReport[]; omitted: Omitted | null } {
    const named = new Set(drafts.map((d) => d.flow));
    const room = this.limit - this.listedFaulty;
    let [sound, listed] = [0, 0];
    const rows: FlowReport[] = [];
    for (const flow of flows) {
      const isFaulty = this.faults[flow.flow];
      const hasRoom = isFaulty === false && sound < room;
      if (isFaulty === false) sound++;
      if (!isFaulty && !hasRoom && !named.has(flow)) continue;
      if (isFaulty) listed++;
      const row = this.lines[flow.flow] ?? flowReport(flow);
      const findings = idsOf(flow);
      if (findings.length > 0) row.findings = [...findings];
      rows.push(row);
    }
    if (rows.length === this.count) return { rows, omitted: null };
    return { rows, omitted: { flows: this.count - rows.length, faulty: this.faultyCount - listed } };
  }
}
