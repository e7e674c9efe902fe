import { BothendsError } from '@bothends/proto';
import type { Clock } from '../../time.js';

/** How much one caller may do at once, and in each second after. */
interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** The CLI's busiest command makes ten calls a second. */
const CALLS: Allowance = { burst: 2000, perSecond: 500 };
/**
 * Calls that their caller gives up, as commands do that a person ends. Beyond this a caller opens and resets
 * streams to keep the server busy. At a thousand nghttp2 would end the connection without telling anybody.
 */
const RESETS: Allowance = { burst: 200, perSecond: 20 };
const NS_PER_S = 1_000_000_000;
/** Callers that are remembered; beyond it the one that called least recently is forgotten. */
const MAX_CALLERS = 10_000;

/** Bounds how fast each caller may begin calls, so that one that floods is refused and the others are served. */
export class CallRate {
  readonly #calls: Budget;
  readonly #resets: Budget;

  constructor(clock: Clock) {
    this.#calls = new Budget(clock, CALLS);
    this.#resets = new Budget(clock, RESETS);
  }

  /**
   * Counts one call.
   * @param caller name and role, or the address of a peer without a certificate
   * @throws BothendsError `resource-exhausted`
   */
  spend(caller: string): void {
    if (this.#calls.spend(caller)) return;
    throw new BothendsError(
      'resource-exhausted',
      `${caller} makes more than ${CALLS.perSecond} calls a second: call less often`,
    );
  }

  /** Counts a call that its caller gave up. False when it gives up more than any use explains. */
  reset(caller: string): boolean {
    return this.#resets.spend(caller);
  }
}

/** What each caller has left of an allowance. */
class Budget {
  readonly #clock: Clock;
  readonly #allowance: Allowance;
  readonly #callers = new Map<string, { credit: number; atNs: bigint }>();

  constructor(clock: Clock, allowance: Allowance) {
    this.#clock = clock;
    this.#allowance = allowance;
  }

  /** False when nothing is left. */
  spend(caller: string): boolean {
    const { burst, perSecond } = this.#allowance;
    const nowNs = this.#clock.nowNs();
    const before = this.#callers.get(caller) ?? { credit: burst, atNs: nowNs };
    const earned = (Math.max(0, Number(nowNs - before.atNs)) / NS_PER_S) * perSecond;
    const credit = Math.min(burst, before.credit + earned) - 1;
    // Put last, so that the first in the map called least recently.
    this.#callers.delete(caller);
    this.#callers.set(caller, { credit: Math.max(credit, -1), atNs: nowNs });
    const [oldest] = this.#callers.size > MAX_CALLERS ? this.#callers.keys() : [];
    if (oldest !== undefined) this.#callers.delete(oldest);
    return credit >= 0;
  }
}
