import { BothendsError, nsOf } from '@bothends/proto';
import type { Store } from '../store/store.js';
import type { Clock } from '../time.js';
import { checkName } from './names.js';
import { createToken, DEFAULT_TOKEN_MS, joinLine, MAX_TOKEN_MS } from './tokens.js';

export interface JoinToken {
  token: string;
  /** What to paste on the host that is to join. */
  joinLine: string;
  expiresNs: bigint;
}

/** Makes join tokens, each good for one host and a short time. */
export class TokenMaker {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #address: () => string;
  readonly #caHash: () => string;

  /**
   * @param address `host:port` at which hosts that join reach this coordinator
   * @param caHash of the authority that they will find there
   */
  constructor(store: Store, clock: Clock, address: () => string, caHash: () => string) {
    this.#store = store;
    this.#clock = clock;
    this.#address = address;
    this.#caHash = caHash;
  }

  /**
   * @param name the only name that may use it, null for any that is not taken
   * @param validMs 0 for the default of 15 minutes
   * @throws BothendsError `invalid-argument`
   */
  async create(name: string | null, validMs = 0): Promise<JoinToken> {
    if (name !== null) checkName(name);
    if (validMs > MAX_TOKEN_MS) {
      throw new BothendsError('invalid-argument', 'a join token is valid for 7 days at most');
    }
    const expiresNs = this.#clock.nowNs() + nsOf(validMs || DEFAULT_TOKEN_MS);
    const { token, record } = createToken(name, expiresNs);
    await this.#store.addToken(record);
    return { token, joinLine: joinLine(this.#address(), token, this.#caHash()), expiresNs };
  }
}
