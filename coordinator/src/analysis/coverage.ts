import { laterOf } from '@bothends/proto';
import type { Coverage, Gap, Marker } from '@bothends/proto/gen/bothends/v1/packet';
import type { GapInterval, TapCoverage } from '../engine/types.js';

/** An agent's coverage as the engine takes it; `declared` are gaps that the coordinator found itself. */
export function tapCoverage(coverage: Coverage, declared: readonly GapInterval[]): TapCoverage {
  return {
    backEnd: coverage.backEnd,
    filter: coverage.filter,
    interfaces: coverage.interfaces,
    snaplen: coverage.snaplen,
    openedNs: known(coverage.openedNs),
    closedNs: known(coverage.closedNs),
    packets: Number(coverage.packets),
    kernelDrops: coverage.kernelDrops === undefined ? null : Number(coverage.kernelDrops),
    agentDrops: Number(coverage.agentDrops),
    timestamps: timestampsOf(coverage.timeStamps),
    gaps: [...coverage.gaps.map(gapInterval), ...declared],
    watermarkNs: known(coverage.watermarkNs),
    ...(coverage.endedBy === undefined ? {} : { endedBy: coverage.endedBy }),
    ...(coverage.names === 'clear' ? { names: 'clear' as const } : {}),
    ...(coverage.marker === undefined ? {} : { marker: markerFacts(coverage.marker) }),
  };
}

function markerFacts({ id, sent, leftNs }: Marker): NonNullable<TapCoverage['marker']> {
  return { id, sent, left: leftNs !== 0n };
}

/**
 * Causes of gaps: a spool without room; and those after which it is not known exactly how many packets the tap
 * took.
 */
const SPOOL_FULL = 'spool-full';
const UNCOUNTED: ReadonlySet<string> = new Set(['spool-damaged', 'agent-down']);

/**
 * The last coverage of a tap, with its spool's losses counted exactly: an agent declares at once what it gives
 * up, but batches that were on their way then may have arrived all the same.
 * @param delivered packets in the batches that came
 */
export function withExactLosses(coverage: Coverage, delivered: number): Coverage {
  const declared = coverage.gaps.filter(({ cause }) => cause === SPOOL_FULL);
  if (coverage.closedNs === 0n || declared.length === 0) return coverage;
  if (coverage.gaps.some(({ cause }) => UNCOUNTED.has(cause))) return coverage;
  const lost = laterOf(coverage.packets - BigInt(delivered), 0n);
  const byBackEnd = coverage.gaps.filter(({ cause }) => cause === 'agent-drop');
  const agentDrops = lost + byBackEnd.reduce((sum, { packets }) => sum + packets, 0n);
  const exact = (gap: Gap) =>
    gap.cause === SPOOL_FULL && declared.length === 1 ? { ...gap, packets: lost } : gap;
  const gaps = coverage.gaps.filter(({ cause }) => lost > 0n || cause !== SPOOL_FULL).map(exact);
  return { ...coverage, agentDrops, gaps };
}

/** True when an agent's gaps, or ours, say already that something may be missing in this interval. */
export function isDeclared(coverage: Coverage | undefined, fromNs: bigint, toNs: bigint): boolean {
  return (coverage?.gaps ?? []).some((gap) => gap.fromNs <= toNs && gap.toNs >= fromNs);
}

function gapInterval(gap: Gap): GapInterval {
  return {
    fromNs: gap.fromNs,
    toNs: gap.toNs,
    packets: gap.packets === 0n ? null : Number(gap.packets),
    cause: gap.cause,
  };
}

/** On the wire 0 stands for "not known". */
function known(ns: bigint): bigint | null {
  return ns === 0n ? null : ns;
}

/** What a tap does not say is taken for the weaker one: a stamp taken in user space. */
function timestampsOf(text: string): TapCoverage['timestamps'] {
  return text === 'kernel' || text === 'file' ? text : 'user';
}
