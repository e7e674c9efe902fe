import { ExitStatus } from '../errors.js';
import type { Io } from '../io.js';

/** Runs a process that lasts: the first SIGINT or SIGTERM aborts the signal, a second one leaves at once. */
export async function untilInterrupted(io: Io, body: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const release = io.onInterrupt(() => {
    if (stop.signal.aborted) io.leave(ExitStatus.interrupted);
    stop.abort();
  });
  try {
    await body(stop.signal);
  } finally {
    release();
  }
}
