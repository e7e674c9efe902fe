import { NOTE_CODES } from '@bothends/proto';
import type { FlowFacts } from '../facts/flow-facts.js';
import type { Draft, FaultKind } from '../rules/draft.js';

const NONE: readonly Draft[] = [];

/** Flows that a note about one path is told for; what a path does to packets it does to all, and examples suffice. */
const TOLD_NOTES = 16;

/** Flows of one client with one service that the same faults are told for, each with its evidence. */
const TOLD_FAULTS = 100;

/** Services of one host with the same fault for a client that are told apart; a client with more is trying ports. */
const TOLD_SERVICES = 16;

/** Flows that faults are told for in all, some 25 MB of report; beyond it, one for each kind of fault. */
const TOLD_IN_ALL = 10_000;

/** Flows about which the same is to be said. */
interface Group {
  /** What is said, by the flows that it is told for, in their order. */
  readonly told: (readonly Draft[])[];
  /** Flows in all. */
  flows: number;
}

/** The flows with one kind of fault. */
interface FaultGroups {
  /** By service of a pair of hosts. */
  readonly services: Map<number, Group>;
  /** By pair of hosts: how many services have a group of their own, and the first of these groups. */
  readonly hosts: Map<number, { count: number; readonly first: Group }>;
}

/**
 * Keeps a report readable, and its size bounded, where the same befalls thousands of flows: it is told for the first few
 * of them, and the others are counted at the first one (`standsFor`) and point to it.
 */
export class Fold {
  /** Notes, by what they say; faults of all hosts together, by kind. */
  private readonly groups = new Map<string, Group>();
  private readonly kinds = new Map<string, FaultGroups>();
  /** Texts of kinds of faults that are asked about again and again. */
  private readonly keys = new WeakMap<FaultKind, string>();
  /** By number of the flow. */
  private readonly pointers: (readonly Draft[] | undefined)[] = [];
  private told = 0;

  /** Takes all that the rules found about one flow; returns what of it is to be told. */
  take(flow: FlowFacts, drafts: readonly Draft[]): readonly Draft[] {
    if (drafts.length === 0) return drafts;
    const notes = drafts.filter((d) => NOTE_CODES.has(d.code));
    const faults = drafts.filter((d) => !NOTE_CODES.has(d.code));
    const kept = notes.filter((d) => this.isTold(flow, this.group(noteKey(d, flow)), [d], TOLD_NOTES));
    return faults.length > 0 && this.areTold(flow, faults) ? [...kept, ...faults] : kept;
  }

  /** What was found about another flow and holds for this one, too. */
  standIns(flow: FlowFacts): readonly Draft[] {
    return this.pointers[flow.flow] ?? NONE;
  }

  /** Writes down for how many flows the findings stand. */
  finish(): void {
    const faults = [...this.kinds.values()].flatMap(({ services }) => [...services.values()]);
    for (const { told, flows } of [...this.groups.values(), ...faults]) {
      if (flows <= told.length) continue;
      for (const d of told[0] ?? []) d.standsFor += flows - told.length;
      for (const d of told.flat()) if (NOTE_CODES.has(d.code)) d.attributes.flows = flows;
    }
  }

  /**
   * Counts a flow whose fault is foreseen and was told often enough, and points it to where that was told.
   * Returns what it points to; null where the rules have to be asked.
   */
  passOver(flow: FlowFacts, fault: FaultKind): readonly Draft[] | null {
    const group = this.known(flow, this.keyOf(fault));
    if (!group || group.told.length < this.roomOf()) return null;
    group.flows++;
    return this.point(flow, group);
  }

  /** Faults of a flow belong together, as one may be the consequence of another: all of them are told, or none. */
  private areTold(flow: FlowFacts, faults: readonly Draft[]): boolean {
    const told = this.isTold(flow, this.groupOf(flow, faults.map(faultKey).join(' ')), faults, this.roomOf());
    if (told) this.told++;
    return told;
  }

  /** Flows of a group that faults are told for. */
  private roomOf(): number {
    return this.told >= TOLD_IN_ALL ? 1 : TOLD_FAULTS;
  }

  /** The flows with the same faults: those of the same service; those of all hosts where very many are concerned. */
  private groupOf(flow: FlowFacts, kind: string): Group {
    const known = this.known(flow, kind);
    if (known) return known;
    if (this.told >= TOLD_IN_ALL) return this.group(kind);
    const group: Group = { told: [], flows: 0 };
    const { services, hosts } = this.ofKind(kind);
    services.set(flow.service, group);
    const pair = hosts.get(flow.hosts);
    if (pair) pair.count++;
    else hosts.set(flow.hosts, { count: 1, first: group });
    return group;
  }

  private known(flow: FlowFacts, kind: string): Group | undefined {
    if (this.told >= TOLD_IN_ALL) return this.groups.get(kind);
    const { services, hosts } = this.ofKind(kind);
    const own = services.get(flow.service);
    if (own) return own;
    const pair = hosts.get(flow.hosts);
    return pair && pair.count >= TOLD_SERVICES ? pair.first : undefined;
  }

  private ofKind(kind: string): FaultGroups {
    let groups = this.kinds.get(kind);
    if (!groups) {
      groups = { services: new Map(), hosts: new Map() };
      this.kinds.set(kind, groups);
    }
    return groups;
  }

  private keyOf(fault: FaultKind): string {
    let key = this.keys.get(fault);
    if (key === undefined) {
      key = faultKey(fault);
      this.keys.set(fault, key);
    }
    return key;
  }

  private group(key: string): Group {
    const group = this.groups.get(key) ?? { told: [], flows: 0 };
    this.groups.set(key, group);
    return group;
  }

  private isTold(flow: FlowFacts, group: Group, drafts: readonly Draft[], most: number): boolean {
    group.flows++;
    if (group.told.length < most) {
      group.told.push(drafts);
      return true;
    }
    this.point(flow, group);
    return false;
  }

  private point(flow: FlowFacts, { told }: Group): readonly Draft[] {
    const first = told[0] ?? NONE;
    const before = this.standIns(flow);
    this.pointers[flow.flow] = before.length === 0 ? first : [...before, ...first];
    return first;
  }
}

function faultKey(d: FaultKind): string {
  return [d.code, d.grade, d.direction, d.sender, d.cause, d.blame].join('|');
}

/** Ports differ from flow to flow, so that a note about addresses goes by the hosts alone. */
function noteKey(d: Draft, flow: FlowFacts): string {
  const change = d.code === 'nat' ? [d.attributes.kind] : [d.attributes.before, d.attributes.after];
  return JSON.stringify([d.code, d.direction, flow.hosts, ...change]);
}
