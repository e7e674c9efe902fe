import type { Clock } from '../../time.js';

/** Failed sign-ins that one address may make in a minute: typing errors, not a search. */
const PER_ADDRESS = 10;
const WINDOW_NS = 60_000_000_000n;
/**
 * Addresses that are remembered, a megabyte at most; beyond them the oldest is forgotten. A token has 256 bits: what is
 * limited is noise, and nobody may lock the others out.
 */
const MAX_ADDRESSES = 10_000;

/** Counts failed sign-ins by the minute and says when one address made too many. */
export class LoginAttempts {
  readonly #clock: Clock;
  readonly #failed = new Map<string, number>();
  #beganNs = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Seconds that an address has to wait before it may try again; 0: now. */
  waitSeconds(address: string): number {
    this.#turn();
    if ((this.#failed.get(address) ?? 0) < PER_ADDRESS) return 0;
    return Number((this.#beganNs + WINDOW_NS - this.#clock.nowNs()) / 1_000_000_000n) + 1;
  }

  failed(address: string): void {
    this.#turn();
    const count = this.#failed.get(address) ?? 0;
    const [oldest] = this.#failed.size >= MAX_ADDRESSES ? this.#failed.keys() : [];
    if (count === 0 && oldest !== undefined) this.#failed.delete(oldest);
    this.#failed.set(address, count + 1);
  }

  #turn(): void {
    const nowNs = this.#clock.nowNs();
    if (nowNs - this.#beganNs < WINDOW_NS) return;
    this.#beganNs = nowNs;
    this.#failed.clear();
  }
}
