/** A resolver's socket asks for many names; the first ones tell what the flow is for. */
const NAMES_PER_FLOW = 8;
/** Names kept of a capture: far more than a report lists flows with a fault, and some 10 MB. */
const MAX_NAMES = 100_000;

/** DNS and TLS server names of flows, where hosts let them leave in clear. */
export class FlowNames {
  private byFlow = new Map<number, Set<string>>();
  private kept = 0;

  /** @param flow its number when the packet with the name came */
  note(flow: number, name: string): void {
    const names = this.byFlow.get(flow) ?? new Set();
    if (names.has(name) || names.size >= NAMES_PER_FLOW || this.kept >= MAX_NAMES) return;
    this.byFlow.set(flow, names.add(name));
    this.kept++;
  }

  /** Follows flows that have turned out to be the other half of another one since. */
  join(resolve: (flow: number) => number): void {
    const before = this.byFlow;
    this.byFlow = new Map();
    this.kept = 0;
    for (const [flow, names] of before) for (const name of names) this.note(resolve(flow), name);
  }

  /** In alphabetical order, so that it does not matter which tap's came first. */
  of(flow: number): string[] {
    const names = this.byFlow.get(flow);
    return names ? [...names].sort() : [];
  }
}
