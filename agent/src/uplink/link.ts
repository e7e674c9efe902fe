import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError } from '@bothends/proto';
import type { TapState } from '@bothends/proto/gen/bothends/v1/agent';
import type { Logger } from 'pino';
import { backoffMs } from './backoff.js';
import { type LinkHost, Session, type SessionEnd, type SessionOptions } from './session.js';

export interface LinkOptions extends SessionOptions {
  readonly logger: Logger;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

const RECONNECTS = new BothendsError('cancelled', 'the agent connects anew');

/** Where the link is. `attempt` counts failures since the last welcome. */
export type LinkState =
  | { readonly state: 'idle' }
  | { readonly state: 'connected'; readonly session: Session; readonly attempt: number }
  | { readonly state: 'waiting'; readonly attempt: number };

/** The agent's way to its coordinator: one session after another until it is told to end. */
export class Link {
  readonly #options: LinkOptions;
  readonly #host: LinkHost;
  #state: LinkState = { state: 'idle' };
  /** The last trouble that was logged; the same again is no news. */
  #lastTrouble = '';

  constructor(options: LinkOptions, host: LinkHost) {
    this.#options = options;
    this.#host = host;
  }

  get connected(): boolean {
    return this.#state.state === 'connected' && this.#state.session.connected;
  }

  /** What the agent says of itself has changed; the next session says so anyway. */
  introduce(): void {
    if (this.#state.state === 'connected') this.#state.session.introduce();
  }

  /** Connects anew at once, with the credentials as they are now. What is under way is sent again. */
  reconnect(): void {
    if (this.#state.state === 'connected') this.#state.session.close(RECONNECTS);
  }

  /** Tells the coordinator where a tap is; while there is no link the next session does. */
  report(state: TapState): void {
    if (this.#state.state === 'connected') this.#state.session.report(state);
  }

  /** A tap has something new to ship. */
  pump(): void {
    if (this.#state.state === 'connected') this.#state.session.pump();
  }

  /** Keeps the link up until `signal`; resolves when the last session is closed. */
  async run(signal: AbortSignal): Promise<void> {
    let attempt = 0;
    while (!signal.aborted) {
      attempt = nextAttempt(attempt, await this.#connect(attempt, signal));
      if (signal.aborted) break;
      this.#state = { state: 'waiting', attempt };
      const delay = backoffMs(attempt, this.#options.random());
      // An aborted wait is the end that was asked for.
      await sleep(delay, undefined, { signal }).catch(() => undefined);
    }
    this.#state = { state: 'idle' };
  }

  /** One session, and how it ended. */
  async #connect(attempt: number, signal: AbortSignal): Promise<SessionEnd> {
    const session = new Session(this.#options, this.#host);
    this.#state = { state: 'connected', session, attempt };
    const stop = () => session.close(new BothendsError('cancelled', 'the agent ends'));
    signal.addEventListener('abort', stop);
    const end = await session.ended;
    signal.removeEventListener('abort', stop);
    if (!signal.aborted && end.error !== RECONNECTS) this.#logTrouble(end.error, end.welcomed);
    return end;
  }

  #logTrouble(error: BothendsError, welcomed: boolean): void {
    const { logger } = this.#options;
    if (error.message === this.#lastTrouble && !welcomed) return;
    this.#lastTrouble = error.message;
    logger.warn({ code: error.code }, `${error.message}; trying again until it answers`);
  }
}

/**
 * A coordinator that says welcome and then cannot take what it is sent, such as on a full disk, is not asked at once
 * again and again, and yet often enough that a capture's end waits for it: up to 4 s with this many attempts.
 */
const MOST_REFUSALS = 4;

/** A link that only broke is made anew at once; failures in a row wait longer and longer. */
function nextAttempt(attempt: number, { welcomed, error }: SessionEnd): number {
  if (!welcomed) return attempt + 1;
  return error === RECONNECTS || error.code === 'unavailable' ? 0 : Math.min(attempt + 1, MOST_REFUSALS);
}
