import type { End } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../captures/capture.js';
import type { EngineLike } from '../engine/types.js';
import { TapFeed } from './tap-feed.js';

/** An engine with the two taps of a capture, fed with batches. */
export class CaptureEngine<Engine extends EngineLike = EngineLike> {
  readonly engine: Engine;
  readonly #feeds: Readonly<Record<End, TapFeed>>;

  constructor(engine: Engine, capture: Capture) {
    this.engine = engine;
    if (capture.prior !== null) engine.prior(capture.prior);
    const feed = (role: End) => {
      const tap = capture.taps.find((candidate) => candidate.role === role);
      return new TapFeed(engine, { name: tap?.agent ?? role, role, addresses: tap?.addresses ?? [] });
    };
    this.#feeds = { client: feed('client'), server: feed('server') };
  }

  /** Returns true when the batch held a RST. */
  feed(role: End, batch: Batch): boolean {
    return this.#feeds[role].push(batch);
  }

  finish(capture: Capture): void {
    if (capture.prior !== null) this.engine.prior(capture.prior);
    this.#feeds.client.finish(capture);
    this.#feeds.server.finish(capture);
  }
}
