import { formatInstant, type GapReport, type Instant } from '@bothends/proto';
import type { Coverage } from '@bothends/proto/gen/bothends/v1/packet';

/** What one tap vouched for last, in plain JSON. The same as the last batch with coverage says. */
export interface CoverageDocument {
  tap: string;
  name: string;
  openedAt: Instant | null;
  closedAt: Instant | null;
  /** Everything up to here was delivered. */
  watermarkAt: Instant | null;
  packets: number;
  kernelDrops: number | null;
  agentDrops: number;
  gaps: GapReport[];
  timestamps: string;
  backEnd: string;
  tool: string;
  /** The filter that the tap really ran. */
  filter: string;
  interfaces: string[];
  snaplen: number;
}

/** null for a tap that delivered nothing. */
export function coverageDocument(
  tap: { id: string; name: string },
  coverage: Coverage | undefined,
): CoverageDocument | null {
  if (!coverage) return null;
  return {
    tap: tap.id,
    name: tap.name,
    openedAt: instant(coverage.openedNs),
    closedAt: instant(coverage.closedNs),
    watermarkAt: instant(coverage.watermarkNs),
    packets: Number(coverage.packets),
    kernelDrops: coverage.kernelDrops === undefined ? null : Number(coverage.kernelDrops),
    agentDrops: Number(coverage.agentDrops),
    gaps: coverage.gaps.map(({ fromNs, toNs, packets, cause }) => ({
      from: formatInstant(fromNs),
      to: formatInstant(toNs),
      packets: packets === 0n ? null : Number(packets),
      cause,
    })),
    timestamps: coverage.timeStamps,
    backEnd: coverage.backEnd,
    tool: coverage.tool,
    filter: coverage.filter,
    interfaces: coverage.interfaces,
    snaplen: coverage.snaplen,
  };
}

function instant(ns: bigint): Instant | null {
  return ns === 0n ? null : formatInstant(ns);
}
