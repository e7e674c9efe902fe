/** Where the agent gets its time. Tap stamps, gaps and the clock exchange are all in `wallNs`. */
export interface Clock {
  /** The host's wall clock (CLOCK_REALTIME), epoch ns. */
  wallNs(): bigint;
  /** CLOCK_MONOTONIC, ns from an arbitrary start. */
  monotonicNs(): bigint;
  /** Wall minus monotonic clock; it changes only when somebody sets the wall clock. */
  wallMinusMonotonicNs(): bigint;
}

/** The wall clock was set. */
export interface ClockStep {
  /** Forward when positive. */
  byNs: bigint;
}

/** The two clocks of the operating system as Node gives them. */
export interface ClockReadings {
  /** Milliseconds, whole: all that Node says of the wall clock. */
  wallMs(): number;
  monotonicNs(): bigint;
}

const SYSTEM_READINGS: ClockReadings = {
  wallMs: () => Date.now(),
  monotonicNs: () => process.hrtime.bigint(),
};

const NS_PER_MS = 1_000_000n;
/**
 * How sharply a tick of the wall clock must be caught, ns; a wider reading means that the process was
 * interrupted.
 */
const SHARP_NS = 50_000n;
/** Ticks to try for a sharp one: at most this many ms at start and after a step. */
const MAX_TICKS = 5;
/** By how much a caught tick may be off, ns; a smaller step of the clock cannot be told from it. */
const TOLERANCE_NS = 100_000n;

/**
 * Nanoseconds of wall time out of Node's milliseconds: the moment at which the wall clock ticks over to the next
 * millisecond is caught on the monotonic clock. The kernel slews both clocks alike, so one catch holds until
 * somebody sets the clock, which `check` notices.
 */
export class SystemClock implements Clock {
  readonly #read: ClockReadings;
  #offsetNs: bigint;

  constructor(readings: ClockReadings = SYSTEM_READINGS) {
    this.#read = readings;
    this.#offsetNs = this.#catchTick();
  }

  wallNs(): bigint {
    return this.#read.monotonicNs() + this.#offsetNs;
  }

  monotonicNs(): bigint {
    return this.#read.monotonicNs();
  }

  wallMinusMonotonicNs(): bigint {
    return this.#offsetNs;
  }

  /** Compares both clocks; to be called each second or so. Returns the step since the last call, if any. */
  check(): ClockStep | null {
    const before = this.#read.monotonicNs();
    const wallNs = BigInt(this.#read.wallMs()) * NS_PER_MS;
    const after = this.#read.monotonicNs();
    // The millisecond that was read began at wallNs and ends one later.
    const least = wallNs - after - TOLERANCE_NS;
    const most = wallNs + NS_PER_MS - before + TOLERANCE_NS;
    if (least <= this.#offsetNs && this.#offsetNs <= most) return null;
    const old = this.#offsetNs;
    this.#offsetNs = this.#catchTick();
    return { byNs: this.#offsetNs - old };
  }

  #catchTick(): bigint {
    let best = { widthNs: NS_PER_MS * 1_000_000n, offsetNs: 0n };
    for (let tick = 0; tick < MAX_TICKS && best.widthNs > SHARP_NS; tick++) {
      const caught = this.#nextTick();
      if (caught.widthNs < best.widthNs) best = caught;
    }
    return best.offsetNs;
  }

  /** The tick is between the reading of the old millisecond, which began at `before`, and that of the new one. */
  #nextTick(): { widthNs: bigint; offsetNs: bigint } {
    let before = this.#read.monotonicNs();
    const first = this.#read.wallMs();
    for (;;) {
      const begun = this.#read.monotonicNs();
      const wallMs = this.#read.wallMs();
      if (wallMs === first) {
        before = begun;
        continue;
      }
      const after = this.#read.monotonicNs();
      return { widthNs: after - before, offsetNs: BigInt(wallMs) * NS_PER_MS - (before + after) / 2n };
    }
  }
}
