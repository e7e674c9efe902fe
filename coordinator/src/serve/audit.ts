import { toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import type { AuditEntry, Store } from '../store/store.js';
import type { Clock } from '../time.js';

/** Writes the audit log: who did what, and who was refused. Never holds a token, a key or payload. */
export class Audit {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor(store: Store, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** @param actor name in the certificate, empty for a peer without one */
  record(actor: string, action: string, subject: string, outcome: AuditEntry['outcome'], detail = ''): void {
    const entry: AuditEntry = { atNs: this.#clock.nowNs(), actor, action, subject, outcome, detail };
    this.#logger.info({ audit: { actor, action, subject, outcome, detail } }, 'audit');
    this.#store.audit(entry).catch((error) => {
      this.#logger.error({ error: toBothendsError(error).message }, 'audit entry not stored');
    });
  }
}
