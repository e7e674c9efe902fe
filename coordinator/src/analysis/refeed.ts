import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture, Tap } from '../captures/capture.js';
import type { Store } from '../store/store.js';
import type { Analysis, Evidence } from './analysis.js';

/** Batches that go from thread to thread at once: a few megabytes at most, and few trips. */
const CHUNK = 16;

/** Where committed batches are. */
type BatchSource = Pick<Store, 'batches'>;

/** One tap's evidence, read ahead in chunks. */
class EvidenceReader {
  readonly tap: Tap;
  readonly #store: BatchSource;
  #chunk: Batch[] = [];
  #next = 0;
  #startNs: bigint | null = null;
  #sequence = 0n;

  constructor(tap: Tap, store: BatchSource) {
    this.tap = tap;
    this.#store = store;
  }

  /** The next batch without taking it; null at the end. */
  async peek(): Promise<Batch | null> {
    if (this.#next === this.#chunk.length) {
      this.#chunk = await this.#store.batches(this.tap.id, this.#sequence, CHUNK);
      this.#next = 0;
    }
    const batch = this.#chunk.at(this.#next) ?? null;
    if (batch !== null && batch.firstNs !== 0n) this.#startNs ??= batch.firstNs;
    return batch;
  }

  take(batch: Batch): void {
    this.#sequence = batch.sequence;
    this.#next++;
  }

  /** Time of a batch since the tap's first, so that taps with different clocks advance together. */
  elapsed(batch: Batch): bigint {
    return batch.firstNs === 0n ? 0n : batch.firstNs - (this.#startNs ?? batch.firstNs);
  }
}

/** All committed evidence of a capture, its taps side by side in time as they were when it was live. */
export async function* evidenceOf(
  capture: Capture,
  store: BatchSource,
): AsyncGenerator<{ tap: Tap; batch: Batch }> {
  const readers = capture.taps.map((tap) => new EvidenceReader(tap, store));
  while (true) {
    let earliest: { reader: EvidenceReader; batch: Batch; elapsed: bigint } | null = null;
    for (const reader of readers) {
      const batch = await reader.peek();
      if (batch === null) continue;
      const elapsed = reader.elapsed(batch);
      if (earliest === null || elapsed < earliest.elapsed) earliest = { reader, batch, elapsed };
    }
    if (earliest === null) return;
    earliest.reader.take(earliest.batch);
    yield { tap: earliest.reader.tap, batch: earliest.batch };
  }
}

/** Feeds an analysis with everything that is committed of a capture. Resolves true when a RST was in it. */
export async function refeed(analysis: Analysis, capture: Capture, store: Store): Promise<boolean> {
  let reset = false;
  let evidence: Evidence[] = [];
  for await (const { tap, batch } of evidenceOf(capture, store)) {
    evidence.push({ role: tap.role, batch });
    if (evidence.length < CHUNK) continue;
    reset = (await analysis.feed(evidence)) || reset;
    evidence = [];
  }
  return evidence.length > 0 ? (await analysis.feed(evidence)) || reset : reset;
}
