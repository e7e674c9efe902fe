import type { SystemClock } from './clock.js';

/** The wall clock was set between two looks at it. */
export interface ObservedStep {
  /** Forward when positive. */
  readonly byNs: bigint;
  /** The last look, in the time before the step. */
  readonly oldNs: bigint;
  /** This look, in the time after it. */
  readonly newNs: bigint;
}

/** Time between two looks; a step is known to have been somewhere between them. */
const INTERVAL_MS = 1000;

/** Looks for steps of the wall clock each second; returns what ends it. */
export function watchClock(clock: SystemClock, stepped: (step: ObservedStep) => void): () => void {
  let lastNs = clock.wallNs();
  const timer = setInterval(() => {
    const step = clock.check();
    const nowNs = clock.wallNs();
    if (step) stepped({ byNs: step.byNs, oldNs: lastNs, newNs: nowNs });
    lastNs = nowNs;
  }, INTERVAL_MS);
  return () => clearInterval(timer);
}
