import type { Hello, TapProgress, TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Logger } from 'pino';
import type { FleetListener } from '../fleet/fleet.js';
import type { TapDirectory } from '../ingest/ingest.js';
import { type CaptureBook, type Entry, notify } from './book.js';
import { type Capture, hasEnded, isOver, type Tap, type TapPhase } from './capture.js';
import type { Driver } from './driver.js';
import { isLastBatch } from './evidence-end.js';
import { phaseOf } from './life/tap-state.js';
import { LEAD_OUT_MS } from './life/waits.js';

/** What agents say and ship, as events of captures. */
export class AgentEvents implements FleetListener, TapDirectory {
  readonly #book: CaptureBook;
  readonly #driver: Driver;
  readonly #logger: Logger;

  constructor(book: CaptureBook, driver: Driver, logger: Logger) {
    this.#book = book;
    this.#driver = driver;
    this.#logger = logger;
  }

  hello(agent: string, hello: Hello, again: boolean): void {
    // On a link that stands, what it says of its taps may have crossed our orders; their own messages tell where
    // they are.
    if (again) return;
    for (const tapId of hello.tapIds) this.#reconcile(agent, tapId);
    for (const entry of this.#concerned(agent)) {
      for (const tap of entry.capture.taps) {
        if (tap.agent === agent && !hello.tapIds.includes(tap.id)) this.#forgotten(entry, tap);
      }
      notify(entry);
    }
  }

  tapState(agent: string, message: TapState): void {
    const found = this.#book.findTap(message.tapId);
    const phase = phaseOf(message);
    if (found === null || found.tap.agent !== agent || phase === null) {
      const { tapId, state } = message;
      this.#logger.warn({ agent, tap: tapId, state }, 'tap state that fits nothing: ignored');
      return;
    }
    const { entry, tap } = found;
    this.#logger.info({ capture: entry.capture.id, tap: tap.id, agent, state: phase.state }, 'tap');
    this.#driver.apply(entry, { type: 'tap', tapId: tap.id, phase });
  }

  progress(agent: string, taps: readonly TapProgress[]): void {
    for (const progress of taps) {
      const found = this.#book.findTap(progress.tapId);
      if (found === null || found.tap.agent !== agent) continue;
      found.entry.progress.set(progress.tapId, progress);
      notify(found.entry);
    }
  }

  offline(agent: string): void {
    this.#logger.warn({ agent }, 'agent offline');
    for (const entry of this.#concerned(agent)) {
      this.#driver.apply(entry, { type: 'offline', agent });
      notify(entry);
    }
  }

  find(tapId: string): { capture: Capture; tap: Tap } | null {
    const found = this.#book.findTap(tapId);
    return found === null ? null : { capture: found.entry.capture, tap: found.tap };
  }

  async committed(tapId: string, batch: Batch): Promise<void> {
    const found = this.#book.findTap(tapId);
    if (found === null) return;
    const { entry, tap } = found;
    // Before "recording" and after the end there is no analysis: one that begins later reads the store.
    const digested = isOver(entry.capture.phase) ? undefined : entry.live?.feed(tap.role, batch);
    // Applied at once: an analysis that lags behind is no reason to give up a tap. Its report comes after its
    // feeds.
    this.#driver.apply(entry, isLastBatch(batch) ? { type: 'drained', tapId } : { type: 'progress' });
    await digested;
  }

  /** An agent is back and owns this tap: tell it what it missed. */
  #reconcile(agent: string, tapId: string): void {
    const found = this.find(tapId);
    const phase = found?.capture.phase ?? null;
    if (found === null || found.tap.agent !== agent || phase?.state === 'failed') {
      this.#driver.stopTap(agent, tapId, 0, true);
    } else if (phase?.state === 'draining' || (phase !== null && isOver(phase))) {
      this.#driver.stopTap(agent, tapId, LEAD_OUT_MS, false);
    }
  }

  /** An agent is back without a tap that it should own: it was restarted and has no spool of it. */
  #forgotten(entry: Entry, tap: Tap): void {
    if (hasEnded(tap.phase) || tap.phase.state === 'requested') return;
    const { state } = entry.capture.phase;
    const reason =
      state === 'arming' || state === 'armed'
        ? `the agent of ${tap.agent} has no tap for it after a restart, so nobody started: start it again`
        : `the agent of ${tap.agent} was restarted and lost its tap`;
    // One that has delivered everything was allowed to forget it, even if we did not hear that it had ended.
    const phase: TapPhase = tap.drained
      ? { state: 'complete' }
      : { state: 'failed', code: 'data-loss', reason };
    this.#driver.apply(entry, { type: 'tap', tapId: tap.id, phase });
  }

  #concerned(agent: string): Entry[] {
    return this.#book
      .entries()
      .filter(({ capture }) => !isOver(capture.phase) && capture.taps.some((tap) => tap.agent === agent));
  }
}
