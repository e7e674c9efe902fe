import type { HeartbeatReply } from '@bothends/proto/gen/bothends/v1/agent';
import type { Clock } from './clock.js';

/** The clock fields of a heartbeat. */
export interface ExchangeFields {
  t1Ns: bigint;
  lastT1Ns: bigint;
  lastT2Ns: bigint;
  lastT3Ns: bigint;
  lastT4Ns: bigint;
}

/**
 * The agent's side of an NTP-like exchange: sent at t1, received by the coordinator at t2, answered at t3,
 * back at t4. Each heartbeat reports the whole of the last exchange, so that the coordinator, who keeps the
 * estimate, has all four times. Zeros until there is one.
 */
export class ClockExchange {
  readonly #clock: Clock;
  #last = { lastT1Ns: 0n, lastT2Ns: 0n, lastT3Ns: 0n, lastT4Ns: 0n };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The fields of a heartbeat that is sent now. */
  begin(): ExchangeFields {
    return { t1Ns: this.#clock.wallNs(), ...this.#last };
  }

  /** A reply came in now. */
  complete({ t1Ns, t2Ns, t3Ns }: HeartbeatReply): void {
    this.#last = { lastT1Ns: t1Ns, lastT2Ns: t2Ns, lastT3Ns: t3Ns, lastT4Ns: this.#clock.wallNs() };
  }

  /** The coordinator's time now, to within the way there and back; null before the first exchange. */
  coordinatorNs(): bigint | null {
    const { lastT3Ns, lastT4Ns } = this.#last;
    return lastT3Ns === 0n ? null : lastT3Ns + this.#clock.wallNs() - lastT4Ns;
  }

  /** The clock was set: an exchange that began before says nothing any more. */
  forget(): void {
    this.#last = { lastT1Ns: 0n, lastT2Ns: 0n, lastT3Ns: 0n, lastT4Ns: 0n };
  }
}
