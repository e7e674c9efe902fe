import { earlierOf, laterOf } from '@bothends/proto';

/** One exchange in the manner of NTP: the agent sends t1, we receive t2 and answer t3, it receives t4; epoch ns. */
export interface Exchange {
  t1Ns: bigint;
  t2Ns: bigint;
  t3Ns: bigint;
  t4Ns: bigint;
}

/** Agent's clock minus the coordinator's. The truth is within `errorNs` of `offsetNs`. */
export interface ClockEstimate {
  offsetNs: bigint;
  errorNs: number;
}

/** Exchanges remembered, one a second: beyond about a minute drift outweighs what an old one knew. */
const WINDOW = 64;
/** Of these, the ones with the shortest round trips, which waited in no queue. */
const BEST = 8;
/** How far two clocks may run apart, parts per million: twice the 50 ppm that crystals are sold with. */
const SKEW_PPM = 100;

interface Sample {
  offsetNs: bigint;
  roundTripNs: number;
  atNs: bigint;
}

/** Bounds one agent's clock against ours from its heartbeats. */
export class ClockEstimator {
  #samples: Sample[] = [];

  /** Takes an exchange; one that contradicts itself (a clock stepped in the middle of it) is left out. */
  add({ t1Ns, t2Ns, t3Ns, t4Ns }: Exchange): void {
    if (t1Ns === 0n || t4Ns === 0n) return;
    const roundTripNs = Number(t4Ns - t1Ns - (t3Ns - t2Ns));
    if (roundTripNs < 0 || t3Ns < t2Ns) return;
    const offsetNs = (t1Ns - t2Ns + (t4Ns - t3Ns)) / 2n;
    const newest = { offsetNs, roundTripNs, atNs: t3Ns };
    this.#samples.push(newest);
    if (this.#samples.length > WINDOW) this.#samples.shift();
    // No clock satisfies all exchanges: one of the two stepped, so only the newest holds.
    if (intersection(this.#samples, t3Ns) === null) this.#samples = [newest];
  }

  /** The bound now, null before the first exchange. */
  estimate(nowNs: bigint): ClockEstimate | null {
    return intersection(this.#samples, nowNs);
  }
}

/** What the best exchanges and the newest allow together; null when nothing satisfies them all. */
function intersection(samples: readonly Sample[], nowNs: bigint): ClockEstimate | null {
  const best = [...samples].sort((a, b) => a.roundTripNs - b.roundTripNs).slice(0, BEST);
  const bounds = [...best, ...samples.slice(-1)].map((sample) => boundOf(sample, nowNs));
  if (bounds.length === 0) return null;
  const low = bounds.map((bound) => bound.low).reduce(laterOf);
  const high = bounds.map((bound) => bound.high).reduce(earlierOf);
  return low > high ? null : { offsetNs: (low + high) / 2n, errorNs: Number(high - low) / 2 };
}

/** The reply took between nothing and the whole round trip; since then the clocks may have run apart. */
function boundOf(sample: Sample, nowNs: bigint): { low: bigint; high: bigint } {
  const age = Math.abs(Number(nowNs - sample.atNs));
  const error = BigInt(Math.ceil(sample.roundTripNs / 2 + (age * SKEW_PPM) / 1e6));
  return { low: sample.offsetNs - error, high: sample.offsetNs + error };
}
