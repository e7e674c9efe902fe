import { NOTE_CODES } from '@bothends/proto';
import type { FlowFacts } from './facts/flow-facts.js';
import type { Draft } from './rules/draft.js';

/** Flows that a note about one path is told for; what a path does to packets it does to all, and examples suffice. */
const TOLD_NOTES = 16;

/** Flows of one client with one service that the same faults are told for, each with its evidence. */
const TOLD_FAULTS = 100;

/** Flows that faults are told for in all, some 25 MB of report; beyond it, one for each kind of fault. */
const TOLD_IN_ALL = 10_000;

/** Flows about which the same is to be said. */
interface Group {
  /** What is said, by the flows that it is told for, in their order. */
  readonly told: (readonly Draft[])[];
  /** Flows in all. */
  flows: number;
}

/**
 * Keeps a report readable, and its size bounded, where the same befalls thousands of flows: it is told for the first few
 * of them, and the others are counted at the first one (`standsFor`) and point to it.
 */
export class Fold {
  private readonly groups = new Map<string, Group>();
  private readonly pointers = new Map<FlowFacts, Draft[]>();
  private told = 0;

  /** Takes all that the rules found about one flow; returns what of it is to be told. */
  take(flow: FlowFacts, drafts: readonly Draft[]): readonly Draft[] {
    if (drafts.length === 0) return drafts;
    const notes = drafts.filter((d) => NOTE_CODES.has(d.code));
    const faults = drafts.filter((d) => !NOTE_CODES.has(d.code));
    const kept = notes.filter((d) => this.isTold(flow, noteKey(d, flow), [d], TOLD_NOTES));
    return faults.length > 0 && this.areTold(flow, faults) ? [...kept, ...faults] : kept;
  }

  /** What was found about another flow and holds for this one, too. */
  standIns(flow: FlowFacts): readonly Draft[] {
    return this.pointers.get(flow) ?? [];
  }

  /** Writes down for how many flows the findings stand. */
  finish(): void {
    for (const { told, flows } of this.groups.values()) {
      if (flows <= told.length) continue;
      for (const d of told[0] ?? []) d.standsFor += flows - told.length;
      for (const d of told.flat()) if (NOTE_CODES.has(d.code)) d.attributes.flows = flows;
    }
  }

  /** Faults of a flow belong together, as one may be the consequence of another: all of them are told, or none. */
  private areTold(flow: FlowFacts, faults: readonly Draft[]): boolean {
    const kind = faults.map(faultKey).join(' ');
    const full = this.told >= TOLD_IN_ALL;
    const told = this.isTold(
      flow,
      full ? kind : `${kind} ${hostsOf(flow)} ${flow.server.port}`,
      faults,
      full ? 1 : TOLD_FAULTS,
    );
    if (told) this.told++;
    return told;
  }

  private isTold(flow: FlowFacts, key: string, drafts: readonly Draft[], most: number): boolean {
    const group = this.groups.get(key) ?? { told: [], flows: 0 };
    this.groups.set(key, group);
    group.flows++;
    if (group.told.length < most) {
      group.told.push(drafts);
      return true;
    }
    this.pointers.set(flow, [...this.standIns(flow), ...(group.told[0] ?? [])]);
    return false;
  }
}

function faultKey(d: Draft): string {
  return [d.code, d.grade, d.direction, d.sender, d.cause, d.blame].join('|');
}

/** Ports differ from flow to flow, so that a note about addresses goes by the hosts alone. */
function noteKey(d: Draft, flow: FlowFacts): string {
  const change = d.code === 'nat' ? [d.attributes.kind] : [d.attributes.before, d.attributes.after];
  return JSON.stringify([d.code, d.direction, hostsOf(flow), ...change]);
}

function hostsOf({ client, server, serverView }: FlowFacts): string {
  const own = `${client.address} ${server.address}`;
  return serverView === null ? own : `${own} ${serverView.client.address} ${serverView.server.address}`;
}
