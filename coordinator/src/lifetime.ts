/** Something that runs until it is ended. */
export interface Lifetime {
  /** Ends it; further calls wait for the same end. */
  close(): Promise<void>;
  /** Resolves once it is closed, whoever closed it. */
  closed: Promise<void>;
}

/** Runs `end` once: when the signal aborts, or when somebody calls `close`. */
export function lifetime(signal: AbortSignal | undefined, end: () => Promise<void>): Lifetime {
  let resolve = () => {};
  const closed = new Promise<void>((done) => {
    resolve = done;
  });
  let ending: Promise<void> | null = null;
  const close = async () => {
    ending ??= end().finally(resolve);
    await ending;
  };
  if (signal?.aborted) void close();
  else signal?.addEventListener('abort', () => void close(), { once: true });
  return { close, closed };
}
