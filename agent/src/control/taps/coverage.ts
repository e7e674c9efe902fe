import { earlierOf, laterOf, NS_PER_MS } from '@bothends/proto';
import type {
  Coverage,
  Gap,
  HostFacts,
  InterfaceState,
  Marker,
} from '@bothends/proto/gen/bothends/v1/packet';
import type { TapStats } from '../../capture/source.js';
import type { Loss } from '../../spool/losses.js';

/** What of a coverage does not change while the tap is open. */
export type CoverageHead = Pick<
  Coverage,
  | 'openedNs'
  | 'timeStamps'
  | 'backEnd'
  | 'filter'
  | 'filterLength'
  | 'interfaces'
  | 'snaplen'
  | 'ringBytes'
  | 'bootId'
  | 'addresses'
  | 'tool'
  | 'names'
>;

/** What of the host around the tap may change while it is open. */
export interface Surroundings {
  readonly interfaceStates: InterfaceState[];
  readonly host: HostFacts;
}

/** Packets of different CPUs are queued microseconds out of order; nothing older than this comes after a later one. */
const REORDERING_NS = BigInt(NS_PER_MS);

/**
 * The difference between wall and monotonic clock is known to better than this; a greater change means that the
 * wall clock was set.
 */
const SET_NS = BigInt(2 * NS_PER_MS);

/**
 * What one tap can vouch for, kept up to date while it runs. Times are the host's wall clock, epoch ns.
 *
 * The watermark promises that every packet from before it is here. "Not seen" is concluded from it, so it
 * advances only over time that is both delivered (a later packet came, or it is quiet) and checked (nothing was
 * dropped until then, or the drop is declared as a gap).
 */
export class CoverageLedger {
  readonly #head: CoverageHead;
  readonly #gaps: Gap[] = [];
  /** What earlier back ends of this tap had counted, since each counts from zero. */
  #before = { kernelDrops: 0, agentDrops: 0 };
  #packets = 0;
  #kernelDrops: number | null = null;
  #agentDrops = 0;
  #deliveredNs: bigint;
  #checkedNs: bigint;
  #closedNs = 0n;
  #wallMinusMonotonicNs: bigint;
  #surroundings: Surroundings;
  #marker: Marker | undefined;
  #endedBy: string | undefined;

  constructor(head: CoverageHead, surroundings: Surroundings, wallMinusMonotonicNs: bigint) {
    this.#head = head;
    this.#surroundings = surroundings;
    this.#deliveredNs = head.openedNs;
    this.#checkedNs = head.openedNs;
    this.#wallMinusMonotonicNs = wallMinusMonotonicNs;
  }

  /**
   * Continues the coverage of a tap whose agent went down; `head.openedNs` is when it was opened again. The time
   * between is a gap, which begins where the last promise ended.
   */
  static resumed(
    last: Coverage,
    head: CoverageHead,
    surroundings: Surroundings,
    wallMinusMonotonicNs: bigint,
  ): CoverageLedger {
    const { openedNs } = head;
    const ledger = new CoverageLedger(
      { ...head, openedNs: last.openedNs },
      surroundings,
      wallMinusMonotonicNs,
    );
    ledger.#gaps.push(...last.gaps.map((gap) => ({ ...gap })));
    ledger.#packets = Number(last.packets);
    ledger.#kernelDrops = last.kernelDrops === undefined ? null : Number(last.kernelDrops);
    ledger.#agentDrops = Number(last.agentDrops);
    ledger.#before = { kernelDrops: ledger.#kernelDrops ?? 0, agentDrops: ledger.#agentDrops };
    ledger.#marker = last.marker;
    const wasSet = magnitude(wallMinusMonotonicNs - last.wallMinusMonotonicNs) > SET_NS;
    for (const cause of wasSet ? ['agent-down', 'clock-step'] : ['agent-down']) {
      ledger.addGap({ ...spanOf(last.watermarkNs, openedNs), packets: 0n, cause });
    }
    ledger.#deliveredNs = openedNs;
    ledger.#checkedNs = openedNs;
    return ledger;
  }

  get packets(): number {
    return this.#packets;
  }

  /** Dropped by the back end; what the spool dropped is not in it. */
  get agentDrops(): number {
    return this.#agentDrops;
  }

  get kernelDrops(): number | null {
    return this.#kernelDrops;
  }

  get watermarkNs(): bigint {
    const known = earlierOf(this.#checkedNs, this.#deliveredNs);
    return this.#closedNs > 0n ? earlierOf(known, this.#closedNs) : known;
  }

  /** Rows were put into a batch; the last of them is from `lastNs`. */
  recorded(packets: number, lastNs: bigint): void {
    this.#packets += packets;
    this.delivered(lastNs - REORDERING_NS);
  }

  /** Everything stamped before `ns` is in a batch. */
  delivered(ns: bigint): void {
    this.#deliveredNs = laterOf(this.#deliveredNs, ns);
  }

  /**
   * Takes the back end's counters, which were asked for at `askedNs` and answered by `answeredNs`; new drops make
   * a gap.
   */
  checked(stats: TapStats, askedNs: bigint, answeredNs: bigint): void {
    const kernelDrops = stats.kernelDrops === null ? null : this.#before.kernelDrops + stats.kernelDrops;
    const agentDrops = this.#before.agentDrops + stats.agentDrops;
    const interval = { fromNs: this.#checkedNs, toNs: answeredNs };
    const byKernel = (kernelDrops ?? 0) - (this.#kernelDrops ?? 0);
    if (byKernel > 0) this.addGap({ ...interval, packets: BigInt(byKernel), cause: 'kernel-drop' });
    const byAgent = agentDrops - this.#agentDrops;
    if (byAgent > 0) this.addGap({ ...interval, packets: BigInt(byAgent), cause: 'agent-drop' });
    this.#kernelDrops = kernelDrops ?? this.#kernelDrops;
    this.#agentDrops = agentDrops;
    this.#checkedNs = laterOf(this.#checkedNs, askedNs);
  }

  /** The wall clock was set between these two times, the first on the old clock, the second on the new. */
  stepped(oldNs: bigint, newNs: bigint, wallMinusMonotonicNs: bigint): void {
    this.addGap({ ...spanOf(oldNs, newNs), packets: 0n, cause: 'clock-step' });
    this.#wallMinusMonotonicNs = wallMinusMonotonicNs;
    // Promises in the old time mean nothing in the new one.
    this.#deliveredNs = newNs;
    this.#checkedNs = newNs;
  }

  /** Adds an interval in which packets may be missing; one that touches the last of its kind makes that longer. */
  addGap(gap: Gap): void {
    const last = this.#gaps.at(-1);
    if (last && last.cause === gap.cause && gap.fromNs <= last.toNs && gap.toNs >= last.toNs) {
      last.toNs = gap.toNs;
      last.packets += gap.packets;
    } else {
      this.#gaps.push({ ...gap });
    }
  }

  /** The host as it is now. */
  surveyed(surroundings: Surroundings): void {
    this.#surroundings = surroundings;
  }

  /** What became of the tap's marker datagram. */
  marked(marker: Marker): void {
    this.#marker = marker;
  }

  /** A ceiling ended the tap; the first one counts. */
  endedBy(ceiling: string): void {
    this.#endedBy ??= ceiling;
  }

  /** No packet after `ns` was taken. */
  close(ns: bigint): void {
    this.#closedNs = ns;
  }

  /** @param whole with the host around the tap, which is much on a host with many interfaces, and changes little */
  toMessage(whole = true): Coverage {
    return {
      ...this.#head,
      ...(whole ? this.#surroundings : { interfaceStates: [] }),
      ...(this.#marker === undefined ? {} : { marker: this.#marker }),
      ...(this.#endedBy === undefined ? {} : { endedBy: this.#endedBy }),
      closedNs: this.#closedNs,
      packets: BigInt(this.#packets),
      kernelDrops: this.#kernelDrops === null ? undefined : BigInt(this.#kernelDrops),
      agentDrops: BigInt(this.#agentDrops),
      gaps: this.#gaps.map((gap) => ({ ...gap })),
      watermarkNs: this.watermarkNs,
      wallMinusMonotonicNs: this.#wallMinusMonotonicNs,
    };
  }
}

/** A coverage with what the spool has lost since it was written. */
export function withLosses(coverage: Coverage, losses: readonly Loss[]): Coverage {
  if (losses.length === 0) return coverage;
  const lost = losses.map(
    ({ fromNs, toNs, packets, cause }): Gap => ({ fromNs, toNs, packets: BigInt(packets), cause }),
  );
  const packets = losses.reduce((sum, loss) => sum + loss.packets, 0);
  return {
    ...coverage,
    agentDrops: coverage.agentDrops + BigInt(packets),
    gaps: [...coverage.gaps, ...lost],
  };
}

/** From the earlier to the later of two times; where a clock was set back they come the other way round. */
function spanOf(a: bigint, b: bigint): { fromNs: bigint; toNs: bigint } {
  return { fromNs: earlierOf(a, b), toNs: laterOf(a, b) };
}

function magnitude(ns: bigint): bigint {
  return ns < 0n ? -ns : ns;
}
