import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { Spool } from '../../spool/spool.js';
import { nextBatch } from './batches.js';
import { withLosses } from './coverage.js';

/** The shipping side of a tap's spool. */
export class SpoolShipment {
  readonly tapId: string;
  readonly spool: Spool;
  /** What the last batch vouched for, for the place of one that is lost. */
  #coverage: Coverage;

  readonly #fresh: (sequence: number) => Batch | null;

  /** @param fresh the newest batch of the spool, where it still is in memory */
  constructor(
    tapId: string,
    spool: Spool,
    coverage: Coverage,
    fresh: (sequence: number) => Batch | null = () => null,
  ) {
    this.#fresh = fresh;
    this.tapId = tapId;
    this.spool = spool;
    this.#coverage = coverage;
  }

  get committed(): number {
    return this.spool.committed;
  }

  /** The batch after `sequence` as it is to be shipped: with what the spool has lost since it was written. */
  next(sequence: number): Batch | null {
    const wanted = Math.max(sequence, this.committed) + 1;
    const batch = this.#fresh(wanted) ?? nextBatch(this.spool, this.tapId, sequence, this.#coverage);
    if (!batch?.coverage) return batch;
    this.#coverage = batch.coverage;
    return { ...batch, coverage: withLosses(batch.coverage, this.spool.losses.all) };
  }

  commit(sequence: number): void {
    this.spool.commit(sequence);
  }
}
