import type { ShipRequest, ShipResponse } from '@bothends/proto/gen/bothends/v1/agent';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { Logger } from 'pino';
import type { Accepted, Ingest } from '../ingest/ingest.js';
import type { Identity } from '../trust/identity.js';
import type { CallerCheck } from './guard/authorise.js';
import { statusError } from './status.js';

/**
 * Bytes of one stream on their way to the disk and the engine. Enough to fill several group commits; a peer that
 * is faster waits, by HTTP/2's flow control.
 */
const WINDOW_BYTES = 8 * 1024 * 1024;

export interface ShipInput {
  ingest: Ingest;
  logger: Logger;
  check: CallerCheck;
}

/** One Ship stream: takes batches in order, answers each when it is committed. */
export class ShipStream {
  readonly #call: ServerDuplexStream<ShipRequest, ShipResponse>;
  readonly #agent: Identity;
  readonly #in: ShipInput;
  #pendingBytes = 0;
  #room: (() => void) | null = null;
  #broken = false;
  /** Answers go out in the order of the batches. */
  #answers: Promise<void> = Promise.resolve();

  constructor(call: ServerDuplexStream<ShipRequest, ShipResponse>, agent: Identity, input: ShipInput) {
    this.#call = call;
    this.#agent = agent;
    this.#in = input;
  }

  /** Serves the stream to its end. Never rejects: what goes wrong becomes the stream's status. */
  async run(): Promise<void> {
    try {
      // Left to itself, the iterator would destroy the stream at its end, with the answers still in it.
      for await (const request of this.#call.iterator({ destroyOnReturn: false })) {
        if (this.#broken) return;
        await this.#take(request);
      }
      await this.#answers;
      if (!this.#broken) this.#call.end();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #take({ batch }: ShipRequest): Promise<void> {
    if (batch === undefined) return;
    this.#in.check(this.#agent);
    const accepted = await this.#in.ingest.accept(this.#agent.name, batch);
    this.#hold(accepted, batch.columns.length);
    this.#answers = this.#answers.then(async () => await this.#answer(accepted));
    while (this.#pendingBytes > WINDOW_BYTES && !this.#broken) {
      await new Promise<void>((resolve) => {
        this.#room = resolve;
      });
    }
  }

  #hold(accepted: Accepted, bytes: number): void {
    this.#pendingBytes += bytes;
    const release = () => {
      this.#pendingBytes -= bytes;
      this.#room?.();
    };
    accepted.digested.then(release, release);
  }

  async #answer(accepted: Accepted): Promise<void> {
    try {
      const response = await accepted.acknowledged;
      if (!this.#call.destroyed && !this.#broken) this.#call.write(response);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#room?.();
    if (this.#call.cancelled) return;
    const status = statusError(error);
    this.#in.logger.warn({ agent: this.#agent.name, reason: status.details }, 'ship stream ended');
    this.#call.emit('error', status);
  }
}
