import { toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { AuditEntry, Store } from '../store/store.js';
import type { Clock } from '../time.js';

/**
 * Refusals of one caller, or of all strangers, that are written down in a minute: enough to see an attack, too few
 * for an attacker to fill the disk with.
 */
const REFUSALS_PER_MINUTE = 60;
const MINUTE_NS = 60_000_000_000n;

/** Writes the audit log: who did what, and who was refused. Never holds a token, a key or payload. */
export class Audit {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #minute = 0n;
  readonly #refusals = new Map<string, number>();

  constructor(store: Store, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /**
   * Resolves once the entry is on disk. Never rejects: a full disk must not stop who would make room.
   * @param actor name in the certificate, empty for a peer without one
   */
  async record(
    actor: string,
    action: string,
    subject: string,
    outcome: AuditEntry['outcome'],
    detail = '',
  ): Promise<void> {
    const atNs = this.#clock.nowNs();
    if (outcome === 'refused' && this.#isFlood(actor, atNs)) return;
    const entry: AuditEntry = { atNs, actor, action, subject, outcome, detail };
    this.#logger.info({ audit: { actor, action, subject, outcome, detail } }, 'audit');
    try {
      await this.#store.audit(entry);
    } catch (error) {
      this.#logger.error({ error: toBothendsError(error).message }, 'audit entry not stored');
    }
  }

  #isFlood(actor: string, nowNs: bigint): boolean {
    const minute = nowNs / MINUTE_NS;
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#refusals.clear();
    }
    const refusals = (this.#refusals.get(actor) ?? 0) + 1;
    this.#refusals.set(actor, refusals);
    return refusals > REFUSALS_PER_MINUTE;
  }
}
