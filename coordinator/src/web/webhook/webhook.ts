import { type Finding, NOTE_CODES } from '@bothends/proto';
import type { Logger } from 'pino';
import type { Capture } from '../../captures/capture.js';
import type { Clock } from '../../time.js';
import { signature, type WebhookMessage, webhookMessage } from './message.js';

export interface WebhookOptions {
  url: string;
  /** Shared with the receiver; signs every message. */
  secret: string;
}

export interface WebhookTools {
  clock: Clock;
  logger: Logger;
  /** Where the page shows a finding; null where no page is served. */
  link: (captureId: string, findingId: string) => string | null;
  /** Sends one request; resolves with the HTTP status. */
  post?: typeof postOverHttp;
}

/** 1 s, 2 s, 4 s … between attempts: a receiver that restarts is reached, one that is gone is given up after 4 minutes. */
const ATTEMPTS = 8;
const FIRST_RETRY_MS = 1000;
/** Messages that wait: beyond it the oldest is given up, so that a dead receiver costs little memory. */
const MAX_WAITING = 1000;
const POST_TIMEOUT_MS = 10_000;

/** Tells another program of every fault that a live capture finds: at least once, in order, signed. */
export class Webhook {
  readonly #options: WebhookOptions;
  readonly #tools: WebhookTools;
  readonly #post: typeof postOverHttp;
  readonly #waiting: WebhookMessage[] = [];
  readonly #closed = new AbortController();
  #sending: Promise<void> | null = null;

  constructor(options: WebhookOptions, tools: WebhookTools) {
    this.#options = options;
    this.#tools = tools;
    this.#post = tools.post ?? postOverHttp;
  }

  /** Notes and what the evidence does not decide are nothing to wake anybody for. */
  finding(capture: Capture, finding: Finding): void {
    const { code, grade, consequenceOf, id } = finding;
    if (NOTE_CODES.has(code) || grade === 'inconclusive' || consequenceOf !== null) return;
    if (this.#waiting.length >= MAX_WAITING) this.#giveUp(this.#waiting.shift(), 'too many wait before it');
    this.#waiting.push(webhookMessage(capture, finding, this.#tools.link(capture.id, id)));
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = null;
    });
  }

  /** What still waits is given up. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#sending;
  }

  async #sendAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      await this.#send(next);
      if (this.#closed.signal.aborted) return;
    }
  }

  async #send(message: WebhookMessage): Promise<void> {
    let reason = '';
    for (let attempt = 0; attempt < ATTEMPTS && !this.#closed.signal.aborted; attempt++) {
      if (attempt > 0) await this.#pause(FIRST_RETRY_MS * 2 ** (attempt - 1));
      const outcome = await this.#attempt(message);
      if (outcome.done) return;
      reason = outcome.reason;
      if (!outcome.again) break;
    }
    this.#giveUp(message, reason);
  }

  async #attempt({ id, body }: WebhookMessage): Promise<Outcome> {
    const { url, secret } = this.#options;
    const epochS = Number(this.#tools.clock.nowNs() / 1_000_000_000n);
    const headers = {
      'content-type': 'application/json',
      'x-bothends-delivery': id,
      'x-bothends-signature': signature(secret, body, epochS),
    };
    try {
      const status = await this.#post(url, headers, body, this.#closed.signal);
      if (status >= 200 && status < 300) return { done: true };
      // Too slow, too many, or its own fault: worth another try. Anything else will not change.
      return {
        done: false,
        again: status === 408 || status === 429 || status >= 500,
        reason: `HTTP ${status}`,
      };
    } catch (error) {
      return { done: false, again: true, reason: reasonOf(error) };
    }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#closed;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#tools.clock.after(ms, resolve);
      signal.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  #giveUp(message: WebhookMessage | undefined, reason: string): void {
    this.#tools.logger.warn({ delivery: message?.id, reason }, 'webhook not delivered');
  }
}

type Outcome = { done: true } | { done: false; again: boolean; reason: string };

/** fetch hides what went wrong in a cause. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message}` : message;
}

async function postOverHttp(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
  closed: AbortSignal,
): Promise<number> {
  const signal = AbortSignal.any([closed, AbortSignal.timeout(POST_TIMEOUT_MS)]);
  // A redirect would carry the finding to whom nobody named.
  const response = await fetch(url, {
    method: 'POST',
    headers: { ...headers },
    body,
    redirect: 'manual',
    signal,
  });
  await response.body?.cancel();
  return response.status;
}
