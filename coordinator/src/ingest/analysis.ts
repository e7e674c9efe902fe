import type { End, Report } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture } from '../captures/capture.js';
import type { EngineLike, EngineOptions, LadderLike } from '../engine/types.js';
import { TapFeed } from './tap-feed.js';

export type EngineFactory = (options: EngineOptions) => EngineLike;
export type LadderFactory = (options: EngineOptions, flowId: string) => LadderLike;

/**
 * The verdicts on one capture while its evidence comes in. Asynchronous, so that an engine can live on another
 * thread.
 */
export interface Analysis {
  /** Takes one committed batch; batches of a tap come in their order. Resolves true when it held a RST. */
  feed(role: End, batch: Batch): Promise<boolean>;
  /** Nothing more will come of either tap. */
  finish(capture: Capture): Promise<void>;
  report(): Promise<Report>;
}

/** What the engine is told about a capture. The same capture always gives the same options. */
export function engineOptions(capture: Capture): EngineOptions {
  return {
    captureId: capture.id,
    captureName: capture.name,
    port: capture.request.port === 0 ? null : capture.request.port,
    vouchComplete: false,
  };
}

/** An engine on this thread, fed with batches. */
export class EngineAnalysis implements Analysis {
  readonly #engine: EngineLike;
  readonly #feeds: Readonly<Record<End, TapFeed>>;

  constructor(engine: EngineLike, capture: Capture) {
    this.#engine = engine;
    if (capture.prior !== null) engine.prior(capture.prior);
    const feed = (role: End) => {
      const tap = capture.taps.find((candidate) => candidate.role === role);
      return new TapFeed(engine, { name: tap?.agent ?? role, role, addresses: tap?.addresses ?? [] });
    };
    this.#feeds = { client: feed('client'), server: feed('server') };
  }

  async feed(role: End, batch: Batch): Promise<boolean> {
    return this.#feeds[role].push(batch);
  }

  async finish(capture: Capture): Promise<void> {
    if (capture.prior !== null) this.#engine.prior(capture.prior);
    this.#feeds.client.finish(capture);
    this.#feeds.server.finish(capture);
  }

  async report(): Promise<Report> {
    return this.#engine.report();
  }
}
