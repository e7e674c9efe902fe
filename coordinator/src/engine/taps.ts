import type { PacketTable } from '@bothends/proto';
import type { GapInterval, TapCoverage, TapDescription } from './types.js';

/** Marker datagrams that one tap saw: by id, the source address that each destination was reached from. */
export type MarkerSightings = Map<number, Map<string, string>>;

/** What the engine knows about one tap. Times are ns from `baseNs`, on the tap's own clock. */
export interface Tap {
  readonly index: 0 | 1;
  readonly description: TapDescription;
  /** Epoch ns that the tap's times count from; null before its first packet or coverage. */
  baseNs: bigint | null;
  coverage: TapCoverage | null;
  /** Packets pushed, and those that no flow could be read from (by reason). */
  packets: number;
  cut: number;
  /** Packets not looked into by IP protocol number, index 0 for those without IP. */
  readonly unread: Uint32Array;
  /** Fragments beyond the first of their datagram. A filter by port leaves them out. */
  laterFragments: number;
  /** ICMP errors whose quoted packet was cut off: which flow they are about is unknown. */
  unquoted: number;
  /** Time of the first and last packet, NaN before. */
  first: number;
  last: number;
  /** How far its stamps ran backwards from one packet to the next, at most, ns. */
  backNs: number;
  finished: boolean;
  /** Packets that TCP proves to have passed here and that the tap does not have. */
  missed: number;
  /** It holds a packet that its own host sent; a capture of incoming packets alone (`tcpdump -Q in`) holds none. */
  speaks: boolean;
  /** It holds a packet that came to its host; a capture of outgoing packets alone (`tcpdump -Q out`) holds none. */
  hears: boolean;
  /** It shows packets of both directions before and after a router passed them on. */
  routes: boolean;
  /** Packets of flows beyond those that are followed, and the time of the earliest, NaN before. */
  untracked: number;
  untrackedFrom: number;
  /** Its host acknowledges what came, and the tap holds nothing that came (`tcpdump -Q out`). */
  deaf: boolean;
  readonly markers: MarkerSightings;
}

/** A tap of which nothing was seen yet. */
export function newTap(index: 0 | 1, description: TapDescription): Tap {
  return {
    index,
    description,
    baseNs: null,
    coverage: null,
    packets: 0,
    cut: 0,
    unread: new Uint32Array(256),
    laterFragments: 0,
    unquoted: 0,
    first: Number.NaN,
    last: Number.NaN,
    backNs: 0,
    finished: false,
    missed: 0,
    speaks: true,
    hears: true,
    routes: false,
    untracked: 0,
    untrackedFrom: Number.NaN,
    deaf: false,
    markers: new Map(),
  };
}

/** Counts a packet that is not looked into. */
export function noteUnread(tap: Tap, table: PacketTable, row: number): void {
  tap.unread[table.ipVersion[row] === 0 ? 0 : table.protocol[row]]++;
}

/** An epoch time on the tap's scale. The first time that a tap hears of becomes its base. */
export function relative(tap: Tap, epochNs: bigint): number {
  tap.baseNs ??= epochNs;
  return Number(epochNs - tap.baseNs);
}

/** Epoch ns of a time on the tap's scale. */
export function absolute(tap: Tap, time: number): bigint {
  return (tap.baseNs ?? 0n) + BigInt(Math.round(time));
}

/**
 * How far a tap vouches for having seen everything in an interval, weakest last:
 * `complete` it counted drops and there were none; `word` the operator says so; `unverified` it was capturing
 * but cannot count drops; `unaligned` the same if the hosts' clocks agree, which nothing bounds, or if it took both
 * directions, which nothing shows; `doubtful` TCP
 * proves that it missed packets elsewhere; `open` it has not shipped that far yet; `failed` it was not capturing,
 * or dropped packets.
 */
export type Vouch = 'complete' | 'word' | 'unverified' | 'unaligned' | 'doubtful' | 'open' | 'failed';

/** How far a tap vouches, and why, as the end of a sentence. */
export interface Vouching {
  level: Vouch;
  why: string;
}

/** What a tap vouches for between two times of its own clock. */
export function vouch(tap: Tap, from: number, to: number, word: boolean): Vouching {
  const coverage = tap.coverage;
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    return { level: word ? 'word' : 'failed', why: 'the two clocks could not be compared' };
  }
  if (tap.untrackedFrom <= to) {
    return { level: 'failed', why: `${tap.description.name} saw more flows by then than are followed` };
  }
  if (coverage?.openedNs != null) return vouchLive(tap, coverage, from, to);
  if (word) return { level: 'word', why: 'the operator vouches for the file' };
  const name = tap.description.name;
  if (Number.isNaN(tap.first)) return { level: 'failed', why: `${name} holds no packet at all` };
  if (from < tap.first) return { level: 'failed', why: `${name} begins too late to tell` };
  if (to > tap.last) return { level: 'failed', why: `${name} ends too early to tell` };
  const gap = gapWithin(tap, coverage?.gaps ?? [], from, to);
  if (gap) return { level: 'failed', why: `${name} lost packets then (${gap.cause})` };
  if (tap.missed > 0)
    return { level: 'doubtful', why: `TCP proves that ${name} missed ${tap.missed} packets` };
  if (coverage?.kernelDrops === 0) return { level: 'complete', why: `${name} counted no drop` };
  return { level: 'unverified', why: `${name} does not say whether packets were dropped` };
}

/** The same for the silence of the tap's own host, which a capture of what arrives alone would show of any host. */
export function vouchSilence(tap: Tap, from: number, to: number, word: boolean): Vouching {
  const vouching = vouch(tap, from, to, word);
  const isOpen = tap.speaks || tap.coverage?.openedNs != null || vouching.level !== 'unverified';
  if (isOpen) return vouching;
  return {
    level: 'unaligned',
    why: `${vouching.why}, and holds nothing that its host sent, of any connection: it may have taken one direction only`,
  };
}

function vouchLive(tap: Tap, coverage: TapCoverage, from: number, to: number): Vouching {
  const name = tap.description.name;
  const at = (epochNs: bigint) => relative(tap, epochNs);
  if (coverage.openedNs !== null && from < at(coverage.openedNs)) {
    return { level: 'failed', why: `the tap on ${name} opened too late to tell` };
  }
  const gap = gapWithin(tap, coverage.gaps, from, to);
  if (gap) return { level: 'failed', why: `the tap on ${name} lost packets then (${gap.cause})` };
  if (coverage.closedNs !== null && to > at(coverage.closedNs)) {
    return { level: 'failed', why: `the tap on ${name} closed too early to tell` };
  }
  if (coverage.closedNs === null) {
    const watermark = coverage.watermarkNs === null ? tap.last : at(coverage.watermarkNs);
    if (!(to <= watermark)) {
      return tap.finished
        ? { level: 'failed', why: `the tap on ${name} ended before it could tell` }
        : { level: 'open', why: `the tap on ${name} has not reported that far yet` };
    }
  }
  if (tap.missed > 0)
    return { level: 'doubtful', why: `TCP proves that the tap on ${name} missed ${tap.missed} packets` };
  if (coverage.kernelDrops === null) {
    return { level: 'unverified', why: `the back end on ${name} cannot count drops` };
  }
  return { level: 'complete', why: `the tap on ${name} ran throughout and lost nothing then` };
}

function gapWithin(
  tap: Tap,
  gaps: readonly GapInterval[],
  from: number,
  to: number,
): GapInterval | undefined {
  return gaps.find((gap) => relative(tap, gap.toNs) >= from && relative(tap, gap.fromNs) <= to);
}
