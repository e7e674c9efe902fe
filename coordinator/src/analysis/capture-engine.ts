import { canonicalJson, type End, NOTE_CODES, type PathHistory } from '@bothends/proto';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { type Capture, tapName } from '../captures/capture.js';
import type { EngineLike } from '../engine/types.js';
import type { Evidence, News, ReportText } from './analysis.js';
import { TapFeed } from './tap-feed.js';

/** An engine with the two taps of a capture, fed with batches. */
export class CaptureEngine {
  readonly #engine: EngineLike;
  readonly #feeds: Readonly<Record<End, TapFeed>>;
  #told = '';

  constructor(engine: EngineLike, capture: Capture) {
    this.#engine = engine;
    if (capture.prior !== null) engine.prior(capture.prior);
    const feed = (role: End) => {
      const tap = capture.taps.find((candidate) => candidate.role === role);
      return new TapFeed(engine, {
        name: tap === undefined ? role : tapName(tap),
        role,
        addresses: tap?.addresses ?? [],
      });
    };
    this.#feeds = { client: feed('client'), server: feed('server') };
  }

  /** Returns true when the batch held a RST. */
  feed(role: End, batch: Batch): boolean {
    return this.#feeds[role].push(batch);
  }

  /** The same for several, in their order. */
  feedAll(evidence: readonly Evidence[]): boolean {
    let reset = false;
    for (const { role, batch } of evidence) reset = this.feed(role, batch) || reset;
    return reset;
  }

  finish(capture: Capture): void {
    if (capture.prior !== null) this.#engine.prior(capture.prior);
    this.#feeds.client.finish(capture);
    this.#feeds.server.finish(capture);
  }

  /** Null when nothing changed since the last call. */
  news(): News | null {
    const { headline, findings, taps } = this.#engine.report();
    const crowded = taps
      .map(({ role, name, untracked = 0 }) => ({ role, name, untracked }))
      .filter(({ untracked }) => untracked > 0);
    const texts = findings.map((finding) => JSON.stringify(finding));
    const told = [headline, ...crowded.map(({ role, untracked }) => `${role} ${untracked}`), ...texts].join(
      '\n',
    );
    if (told === this.#told) return null;
    this.#told = told;
    const faulty = findings.some(({ code }) => !NOTE_CODES.has(code));
    return { headline, findings: texts, faulty, ...(crowded.length > 0 ? { crowded } : {}) };
  }

  report(): ReportText {
    const report = this.#engine.report();
    return { json: canonicalJson(report), headline: report.headline };
  }

  history(): PathHistory {
    return this.#engine.history();
  }
}
