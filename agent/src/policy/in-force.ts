import { toBothendsError } from '@bothends/proto';
import type { Logger } from 'pino';
import { readPolicy } from './parse.js';
import type { Policy } from './policy.js';

/** The policy that holds on this host now. Taps that run keep what they were allowed when they were armed. */
export class PolicyInForce {
  readonly #path: string | undefined;
  readonly #logger: Logger;
  #policy: Policy;

  /**
   * @param path the owner's file; without one the default policy holds
   * @throws BothendsError `invalid-argument` when the file cannot be read or understood
   */
  constructor(path: string | undefined, logger: Logger) {
    this.#path = path;
    this.#logger = logger;
    this.#policy = readPolicy(path);
  }

  get current(): Policy {
    return this.#policy;
  }

  /** Reads the file again. One that is not valid changes nothing and is logged. */
  reload(): void {
    try {
      this.#policy = readPolicy(this.#path);
      this.#logger.info({ policy: this.#path }, 'policy read again: it holds for the next captures');
    } catch (error) {
      const reason = toBothendsError(error).message;
      this.#logger.error({ reason }, 'policy not reloaded: the one before stays in force');
    }
  }
}
