import type { WatchCaptureResponse } from '@bothends/proto/gen/bothends/v1/bothends';
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
  const { id } = sources.captures.get(idOrName);
  let changed = true;
  let findings: readonly string[] | null = null;
  let wake = () => {};
  const unwatch = sources.captures.watch(id, {
    changed: () => {
      changed = true;
      wake();
    },
    findings: (latest) => {
      findings = latest;
      wake();
    },
  });
  const onAbort = () => wake();
  signal.addEventListener('abort', onAbort);
  try {
    while (!signal.aborted) {
      if (!changed && findings === null) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const capture = sources.captures.get(id);
      const fresh: readonly string[] = findings ?? [];
      changed = false;
      findings = null;
      await send({
        capture: await captureState(capture, sources),
        findingsJson: [...fresh],
      });
      if (isOver(capture.phase) && !sources.captures.isFinishing(id)) return;
    }
  } finally {
    unwatch();
    signal.removeEventListener('abort', onAbort);
  }
}
