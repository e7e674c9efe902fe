import { Worker } from 'node:worker_threads';
import type { WorkerFailure, WorkerOrder } from './worker.js';

/** A case takes milliseconds; after this long even a loaded machine is not the reason. */
const HANG_MS = 60_000;
const POLL_MS = 500;
/** Heap of the worker, MB. The largest input has thousands of packets, which need a few. */
const HEAP_MB = 384;
/** Typed arrays live outside the heap. Memory of the whole process, bytes, that no case may need. */
const MOST_RSS_BYTES = 1.5e9;

export interface Failure {
  readonly index: number;
  /** An error with its stack, "hangs", or what became of the memory. */
  readonly reason: string;
}

export interface RunOptions {
  readonly seed: number;
  /** Most cases. */
  readonly cases: number;
  /** No case begins after this, ms since the epoch. */
  readonly untilMs: () => number;
  readonly now: () => number;
  readonly failed: (failure: Failure) => void;
}

/** Runs cases 0, 1, 2, … on another thread, past those that fail, and returns how many there were. */
export async function runCases(options: RunOptions): Promise<number> {
  let from = 0;
  while (from < options.cases && options.now() < options.untilMs()) {
    const { reached, failure } = await runFrom(from, options);
    if (failure !== null) options.failed(failure);
    from = failure === null ? reached : failure.index + 1;
  }
  return from;
}

interface Outcome {
  /** Index after the last case that was begun. */
  readonly reached: number;
  readonly failure: Failure | null;
}

/** One worker's life: to the last case, to the end of the time, or to the first failure. */
function runFrom(from: number, { seed, cases, untilMs, now }: RunOptions): Promise<Outcome> {
  const position = new SharedArrayBuffer(4);
  const at = new Int32Array(position);
  at[0] = from;
  const order: WorkerOrder = { seed, from, to: cases, position };
  const worker = new Worker(new URL('./worker.js', import.meta.url), {
    workerData: order,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  return new Promise((resolve) => {
    let last = { index: from, sinceMs: now() };
    let settled = false;
    const settle = (failure: Failure | null, reached: number) => {
      if (settled) return;
      settled = true;
      clearInterval(watch);
      void worker.terminate().then(() => resolve({ reached, failure }));
    };
    const watch = setInterval(() => {
      const index = Atomics.load(at, 0);
      if (index !== last.index) last = { index, sinceMs: now() };
      const rss = process.memoryUsage.rss();
      if (now() - last.sinceMs > HANG_MS)
        settle({ index, reason: `hangs: no end after ${HANG_MS / 1000} s` }, index);
      else if (rss > MOST_RSS_BYTES)
        settle({ index, reason: `takes memory: ${Math.round(rss / 1e6)} MB` }, index);
      else if (now() >= untilMs()) settle(null, index + 1);
    }, POLL_MS);
    worker.on('message', ({ index, reason }: WorkerFailure) => settle({ index, reason }, index));
    // The thread itself died, for want of memory or by a fault below JavaScript.
    worker.on('error', (error) => settle({ index: Atomics.load(at, 0), reason: String(error) }, from));
    worker.on('exit', () => settle(null, Math.min(cases, Atomics.load(at, 0) + 1)));
  });
}
