import type { WatchCaptureResponse } from '@bothends/proto/gen/bothends/v1/bothends';
import type { CaptureWatcher } from '../captures/book.js';
import { isOver } from '../captures/capture.js';
import { captureState, type StateSources } from './messages.js';
import type { Send } from './server-stream.js';

/**
 * Sends the state of a capture now and whenever it changed, until it is over. Changes that come while the peer is
 * still reading are folded into one, so that a slow reader sees less, not later.
 * @throws BothendsError `not-found`
 */
export async function watchCapture(
  idOrName: string,
  sources: StateSources,
  send: Send<WatchCaptureResponse>,
  signal: AbortSignal,
): Promise<void> {
  const { captures } = sources;
  const { id } = captures.get(idOrName);
  const changes = new Changes(signal);
  const unwatch = captures.watch(id, changes);
  try {
    while (!signal.aborted) {
      const findingsJson = changes.take();
      const capture = captures.get(id);
      await send({ capture: await captureState(capture, sources), findingsJson });
      if (isOver(capture.phase) && !captures.isFinishing(id)) return;
      await changes.next();
    }
  } finally {
    unwatch();
  }
}

/** What has changed since it was last taken. */
class Changes implements CaptureWatcher {
  #changed = false;
  #findings: readonly string[] = [];
  #wake: () => void = () => {};

  constructor(signal: AbortSignal) {
    signal.addEventListener('abort', () => this.changed(), { once: true });
  }

  changed(): void {
    this.#changed = true;
    this.#wake();
  }

  findings(findings: readonly string[]): void {
    this.#findings = findings;
    this.changed();
  }

  /** The findings if they changed, else none; begins anew. */
  take(): string[] {
    const findings = [...this.#findings];
    this.#changed = false;
    this.#findings = [];
    return findings;
  }

  /** Resolves at once when something has changed, else when it does. */
  async next(): Promise<void> {
    if (this.#changed) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
