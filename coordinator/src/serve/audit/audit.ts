import { toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { AuditEntry, Store } from '../../store/store.js';
import type { Clock } from '../../time.js';

/**
 * Refusals of one caller, or of all strangers, that are written down in a minute: enough to see an attack, too few
 * for an attacker to fill the disk with.
 */
const REFUSALS_PER_MINUTE = 60;
/** What is refused besides calls and what is asked of the page. */
const REFUSED: ReadonlySet<string> = new Set(['connect', 'enrol', 'policy']);
const MINUTE_NS = 60_000_000_000n;

/** Writes the audit log: who did what, and who was refused. Never holds a token, a key or payload. */
export class Audit {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #minute = 0n;
  readonly #refusals = new Map<string, number>();
  readonly #counts = new Map<string, number>();

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
    if (outcome === 'refused') this.#count(action, subject);
    if (outcome === 'refused' && this.#isFlood(actor, atNs)) return;
    const entry: AuditEntry = { atNs, actor, action, subject, outcome, detail };
    this.#logger.info({ audit: { actor, action, subject, outcome, detail } }, 'audit');
    try {
      await this.#store.audit(entry);
    } catch (error) {
      this.#logger.error({ error: toBothendsError(error).message }, 'audit entry not stored');
    }
  }

  /** Refusals since the coordinator started by what was refused, those too that are not written down. */
  refusals(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  #count(action: string, subject: string): void {
    const kind = subject === 'page' ? 'page' : REFUSED.has(action) ? action : 'call';
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1);
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
