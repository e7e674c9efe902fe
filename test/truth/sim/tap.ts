import type { Random } from '../random.js';
import { encodeFrame, type Link } from '../wire/link.js';
import type { Packet } from '../wire/packets.js';
import type { PcapRecord } from '../wire/pcap.js';

/** How a tap's clock differs from virtual time. */
export interface ClockFault {
  /** Epoch ns that the tap shows at virtual time 0. */
  readonly epochNs: bigint;
  readonly driftPpm: number;
  /** A jump in mid-capture, as when a time daemon steps the clock. */
  readonly step: { readonly atNs: number; readonly byNs: number } | null;
}

/** What a tap misses. Times are virtual. */
export interface TapFault {
  readonly startNs: number;
  readonly endNs: number;
  /** Probability that any one packet is missed. */
  readonly loss: number;
  /** Nothing is recorded in these intervals: a full ring. */
  readonly outages: readonly { readonly fromNs: number; readonly toNs: number }[];
  /** Only what comes in is recorded, or what goes out: `tcpdump -Q in`, one half of a mirror port. */
  readonly only: Link['moves'] | null;
  /** Picks single packets to miss, for the kinds that need exactly that. */
  readonly misses: ((packet: Packet) => boolean) | null;
}

/** A port mirror, or a bridge of which both ports are captured, shows every packet a second time. */
export interface SecondLook {
  readonly laterNs: number;
  /** The second time it goes the other way: into the bridge, and out of it. */
  readonly bridged: boolean;
}

export const NO_TAP_FAULT: TapFault = {
  startNs: 0,
  endNs: Number.POSITIVE_INFINITY,
  loss: 0,
  outages: [],
  only: null,
  misses: null,
};

/**
 * Software time stamps scatter by a few µs and are not quite in order (measured on Linux 6.18). An arrival is stamped
 * before the stack works on it and a departure after, so that cause and effect at one host keep their order.
 */
const STAMP_NOISE_NS = 3_000;

/** One capture: what passed the interface, as far as the tap did not miss it. */
export class Tap {
  readonly records: PcapRecord[] = [];
  fault: TapFault = NO_TAP_FAULT;
  secondLook: SecondLook | null = null;
  clock: ClockFault = { epochNs: 0n, driftPpm: 0, step: null };
  /** Packets that passed but were not recorded. */
  missed = 0;
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  record(packet: Packet, nowNs: number, link: Link): void {
    this.look(packet, nowNs, link);
    if (!this.secondLook) return;
    const { laterNs, bridged } = this.secondLook;
    const moves = link.moves === 'in' ? 'out' : 'in';
    this.look(packet, nowNs + laterNs, bridged ? { ...link, moves } : link);
  }

  private look(packet: Packet, nowNs: number, link: Link): void {
    if (this.misses(packet, nowNs, link)) {
      this.missed++;
      return;
    }
    const noise = this.random.integer(0, STAMP_NOISE_NS) * (link.moves === 'in' ? -1 : 1);
    this.records.push({ timeNs: this.stamp(nowNs + noise), frame: encodeFrame(packet, link) });
  }

  private misses(packet: Packet, nowNs: number, link: Link): boolean {
    const { startNs, endNs, loss, outages, only, misses } = this.fault;
    if (only !== null && link.moves !== only) return true;
    if (nowNs < startNs || nowNs > endNs) return true;
    if (outages.some((outage) => nowNs >= outage.fromNs && nowNs < outage.toNs)) return true;
    if (misses?.(packet)) return true;
    return loss > 0 && this.random.chance(loss);
  }

  /** Virtual time as this tap's clock shows it. */
  private stamp(nowNs: number): bigint {
    const { epochNs, driftPpm, step } = this.clock;
    const jump = step && nowNs >= step.atNs ? step.byNs : 0;
    return epochNs + BigInt(Math.round(nowNs * (1 + driftPpm / 1e6) + jump));
  }
}
