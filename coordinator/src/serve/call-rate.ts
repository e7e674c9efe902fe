import { BothendsError } from '@bothends/proto';
import type { Clock } from '../time.js';

/** Calls that one caller may begin at once, and in each second after. The CLI's busiest command makes ten a second. */
const BURST = 2000;
const PER_SECOND = 500;
const NS_PER_S = 1_000_000_000;
/** Callers that are remembered; beyond it the one that called least recently is forgotten. */
const MAX_CALLERS = 10_000;

/** Bounds how fast each caller may begin calls, so that one that floods is refused and the others are served. */
export class CallRate {
  readonly #clock: Clock;
  readonly #callers = new Map<string, { credit: number; atNs: bigint }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Counts one call.
   * @param caller name and role, or the address of a peer without a certificate
   * @throws BothendsError `resource-exhausted`
   */
  spend(caller: string): void {
    const nowNs = this.#clock.nowNs();
    const before = this.#callers.get(caller) ?? { credit: BURST, atNs: nowNs };
    const earned = (Math.max(0, Number(nowNs - before.atNs)) / NS_PER_S) * PER_SECOND;
    const credit = Math.min(BURST, before.credit + earned) - 1;
    // Put last, so that the first in the map called least recently.
    this.#callers.delete(caller);
    this.#callers.set(caller, { credit: Math.max(credit, -1), atNs: nowNs });
    const [oldest] = this.#callers.size > MAX_CALLERS ? this.#callers.keys() : [];
    if (oldest !== undefined) this.#callers.delete(oldest);
    if (credit >= 0) return;
    throw new BothendsError(
      'resource-exhausted',
      `${caller} makes more than ${PER_SECOND} calls a second: call less often`,
    );
  }
}
