import { type Tap, type Vouching, vouch } from '../taps.js';
import type { Timeline } from '../timeline/timeline.js';

/**
 * A tap must cover this much on either side of the moment in question, ns: taps swap packets by some µs, and their
 * stamps run backwards by as much.
 */
const GUARD_NS = 1_000_000;

/**
 * Longest round trip assumed where only one direction bounds the clocks, ns: a geostationary satellite hop each
 * way. Slower paths do not carry a TCP handshake without spurious retransmission.
 */
export const MAX_ROUND_TRIP_NS = 600_000_000;

/** Least delay allowed for when looking for a packet at the other tap, ns. */
export const LEAST_DELAY_NS = 50_000_000;

/** A packet that took longer than this was held up by a host that was stopped, rather than by a queue on the path, ns. */
const LONGEST_DELAY_NS = 3_000_000_000;

/** Asks a tap whether it would have seen a packet that the other tap saw. */
export class Witness {
  private readonly taps: readonly [Tap, Tap];
  private readonly timeline: Timeline;
  private readonly word: boolean;
  /** Positive control: both taps have seen packets in common, so both look at this path. */
  readonly hasControl: boolean;
  /** Longest that a packet from each tap took to the other, ns. */
  private readonly longest: readonly [number, number];

  constructor(taps: readonly [Tap, Tap], timeline: Timeline, word: boolean) {
    this.taps = taps;
    this.timeline = timeline;
    this.word = word;
    this.hasControl = timeline.clock().segments.length > 0;
    this.longest = [timeline.longestPassage(0), timeline.longestPassage(1)];
  }

  /**
   * Would the other tap have seen a packet arrive that left at `time` past `tap`? It cannot have arrived before
   * `notBefore` on the other tap's clock (NaN: unknown), a moment at which that tap was capturing.
   */
  arrival(tap: 0 | 1, time: number, notBefore: number): Vouching {
    const far = this.taps[1 - tap] as Tap;
    if (far.deaf) {
      const why = `${far.description.name} holds nothing of what its host acknowledges: it took one direction only`;
      return { level: 'failed', why };
    }
    const { from, to, delay, aligned } = this.interval(tap, time);
    // Others stood in a queue for so long; what is in there as a file ends arrives after its end.
    const held = Math.min(this.longest[tap], LONGEST_DELAY_NS);
    const earliest = Number.isNaN(notBefore) ? from - GUARD_NS : Math.max(from - GUARD_NS, notBefore);
    return this.ask(1 - tap, earliest, Math.max(to, earliest) + Math.max(delay, held) + GUARD_NS, aligned);
  }

  /** What the other tap's word about a missing fragment is worth: a filter by port takes only first fragments. */
  aboutFragment(tap: 0 | 1, vouching: Vouching): Vouching {
    const far = this.taps[1 - tap] as Tap;
    // A live tap's filter is widened by fragments.
    const isOpen = far.laterFragments > 0 || far.coverage?.openedNs != null;
    if (isOpen || vouching.level === 'failed' || vouching.level === 'open') return vouching;
    return {
      level: 'doubtful',
      why: `${far.description.name} holds no later fragment at all, so that its filter may leave them out`,
    };
  }

  /**
   * Would the other tap have seen a packet leave that arrived at `time` past `tap`? It cannot have left before
   * `notBefore` nor after `notAfter` on the other tap's clock (NaN: unknown), when that tap was capturing.
   */
  departure(tap: 0 | 1, time: number, notBefore: number, notAfter: number): Vouching {
    const far = this.taps[1 - tap] as Tap;
    if (!far.speaks && far.coverage?.openedNs == null) {
      const why = `${far.description.name} holds nothing that its host sent: it may have taken one direction only`;
      return { level: this.word ? 'word' : 'failed', why };
    }
    const { from, to, delay, aligned } = this.interval(tap, time);
    const least = from - delay - GUARD_NS;
    const most = to + GUARD_NS;
    return this.ask(
      1 - tap,
      Number.isNaN(notBefore) ? least : Math.max(least, notBefore),
      Number.isNaN(notAfter) ? most : Math.min(most, notAfter),
      aligned,
    );
  }

  private ask(tap: number, from: number, to: number, aligned: boolean): Vouching {
    const answer = vouch(this.taps[tap], from, to, this.word);
    if (aligned || answer.level === 'failed' || answer.level === 'open') return answer;
    return {
      level: 'unaligned',
      why: `${answer.why}; the clocks are assumed to agree, nothing in the traffic bounds them`,
    };
  }

  /**
   * When a moment at `tap` was on the other tap's clock, and how long a packet may take beyond that. With one
   * bound only, the other follows from the longest round trip, which includes the packet's own way.
   */
  private interval(tap: 0 | 1, time: number): { from: number; to: number; delay: number; aligned: boolean } {
    const { from, to } = this.timeline.across(tap, time);
    const low = Number.isFinite(from);
    const high = Number.isFinite(to);
    if (low && high) {
      const delay = Math.max(LEAST_DELAY_NS, Math.min(to - from, MAX_ROUND_TRIP_NS));
      return { from, to, delay, aligned: true };
    }
    if (low) return { from, to: from + MAX_ROUND_TRIP_NS, delay: 0, aligned: true };
    if (high) return { from: to - MAX_ROUND_TRIP_NS, to, delay: 0, aligned: true };
    const shift = Number((this.taps[tap].baseNs ?? 0n) - (this.taps[1 - tap].baseNs ?? 0n));
    const guess = time + shift;
    return { from: guess - MAX_ROUND_TRIP_NS, to: guess + MAX_ROUND_TRIP_NS, delay: 0, aligned: false };
  }
}
