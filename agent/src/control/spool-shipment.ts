import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';
import type { Spool } from '../spool/spool.js';
import { nextBatch } from './batches.js';

/** The shipping side of a tap's spool. */
export class SpoolShipment {
  readonly tapId: string;
  readonly spool: Spool;
  /** What was last told of the tap, for the place of a batch that is lost. */
  #coverage: Coverage;

  constructor(tapId: string, spool: Spool, coverage: Coverage) {
    this.tapId = tapId;
    this.spool = spool;
    this.#coverage = coverage;
  }

  get committed(): number {
    return this.spool.committed;
  }

  next(sequence: number): Batch | null {
    const batch = nextBatch(this.spool, this.tapId, sequence, this.#coverage);
    if (batch?.coverage) this.#coverage = batch.coverage;
    return batch;
  }

  commit(sequence: number): void {
    this.spool.commit(sequence);
  }
}
