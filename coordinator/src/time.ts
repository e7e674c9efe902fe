import { performance } from 'node:perf_hooks';

/** Time as the coordinator's parts take it: injected, so that tests run on a clock of their own. */
export interface Clock {
  /** Wall clock, epoch ns. */
  nowNs(): bigint;
  /** Runs `action` once after `ms`; the returned function cancels it. */
  after(ms: number, action: () => void): () => void;
}

const NS_PER_MS = 1_000_000n;

/** Longest delay of a Node timer (2^31 − 1 ms); a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The machine's wall clock with sub-millisecond resolution. `performance` counts monotonically from a wall
 * time taken at start, so a step of the wall clock shows as a distance from `Date.now()` and is followed.
 */
export function systemClock(): Clock {
  // Date.now() truncates to 1 ms and the two clocks are read one after the other: 2 ms apart is a step.
  const stepMs = 2;
  let correctionMs = 0;
  return {
    nowNs() {
      let ms = performance.timeOrigin + performance.now() + correctionMs;
      const apart = Date.now() - ms;
      if (Math.abs(apart) > stepMs) {
        correctionMs += apart;
        ms += apart;
      }
      const whole = Math.floor(ms);
      return BigInt(whole) * NS_PER_MS + BigInt(Math.round((ms - whole) * 1e6));
    },
    after(ms, action) {
      const timer = setTimeout(action, Math.min(ms, MAX_TIMER_MS));
      return () => clearTimeout(timer);
    },
  };
}
