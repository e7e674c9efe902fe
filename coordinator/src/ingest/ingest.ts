import { BothendsError, TABLE_CAPACITY, toBothendsError } from '@bothends/proto';
import { checksum } from '@bothends/proto/evidence/checksum';
import type { ShipResponse } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import type { Capture, Tap } from '../captures/capture.js';
import type { Store } from '../store/store.js';
import { TapCursor } from './tap-cursor.js';

/** What ingest needs to know about captures. */
export interface TapDirectory {
  find(tapId: string): { capture: Capture; tap: Tap } | null;
  /** A batch is on disk; resolves when the analysis has taken it. */
  committed(tapId: string, batch: Batch): Promise<void>;
}

/** A batch that was taken from a stream. */
export interface Accepted {
  /** Resolves with the answer once the batch is on disk. */
  acknowledged: Promise<ShipResponse>;
  /** Resolves when the analysis has it too: a stream waits for this before it takes much more. */
  digested: Promise<void>;
}

/** Takes batches from agents: checks them, commits them, hands them to the analysis; each exactly once. */
export class Ingest {
  readonly #store: Store;
  readonly #taps: TapDirectory;
  readonly #cursors = new Map<string, Promise<TapCursor>>();

  constructor(store: Store, taps: TapDirectory) {
    this.#store = store;
    this.#taps = taps;
  }

  /**
   * Takes the next batch of a stream.
   * @param agent name in the certificate of the peer
   * @throws BothendsError `data-loss` for a damaged batch, `permission-denied` for another agent's tap,
   *   `invalid-argument` for one that no agent makes; the agent reconnects and sends again from what is committed
   */
  async accept(agent: string, batch: Batch): Promise<Accepted> {
    const found = this.#taps.find(batch.tapId);
    if (found === null) return answer(refusal(batch.tapId, 'its capture was deleted'));
    if (found.tap.agent !== agent) throw foreignTap(agent, batch.tapId);
    if (found.capture.phase.state === 'failed')
      return answer(refusal(batch.tapId, 'its capture never started'));
    checkBatch(agent, batch);
    const cursor = await this.#cursor(batch.tapId);
    if (batch.sequence <= cursor.accepted) return answer(acknowledgment(batch.tapId, cursor));
    cursor.accepted = batch.sequence;
    return this.#commit(batch, cursor);
  }

  /** What is committed of a tap, and why no more is ('' where nothing is in the way). */
  async totals(tapId: string): Promise<{ sequence: bigint; packets: bigint; trouble: string }> {
    const { committed, packets, trouble } = await this.#cursor(tapId);
    return { sequence: committed, packets, trouble };
  }

  /** The taps are gone from the store. */
  forget(tapIds: readonly string[]): void {
    for (const tapId of tapIds) this.#cursors.delete(tapId);
  }

  #commit(batch: Batch, cursor: TapCursor): Accepted {
    const committed = this.#store.commit([batch]).then(
      () => {
        cursor.commit(batch.sequence, batch.count);
        return acknowledgment(batch.tapId, cursor);
      },
      (error) => {
        cursor.rewind(toBothendsError(error).message);
        throw error;
      },
    );
    const digested = committed.then(async () => await this.#taps.committed(batch.tapId, batch));
    // Whoever awaits `acknowledged` hears of a failed commit; it need not surface twice.
    digested.catch(() => {});
    return { acknowledged: committed, digested };
  }

  async #cursor(tapId: string): Promise<TapCursor> {
    let cursor = this.#cursors.get(tapId);
    if (cursor === undefined) {
      cursor = TapCursor.load(this.#store, tapId);
      this.#cursors.set(tapId, cursor);
      cursor.catch(() => this.#cursors.delete(tapId));
    }
    return await cursor;
  }
}

function checkBatch(agent: string, batch: Batch): void {
  const where = `batch ${batch.sequence} of tap ${batch.tapId} from ${agent}`;
  if (batch.sequence === 0n)
    throw new BothendsError('invalid-argument', `${where}: sequence numbers begin with 1`);
  if (batch.count > TABLE_CAPACITY) {
    throw new BothendsError(
      'invalid-argument',
      `${where} claims ${batch.count} packets (max ${TABLE_CAPACITY})`,
    );
  }
  if (checksum(batch.columns) !== batch.crc32) {
    throw new BothendsError('data-loss', `${where} was damaged on its way (checksum): send it again`);
  }
}

function foreignTap(agent: string, tapId: string): BothendsError {
  return new BothendsError(
    'permission-denied',
    `${agent} may not ship packets of tap ${tapId.slice(0, 80)}: it belongs to another agent`,
  );
}

function acknowledgment(tapId: string, cursor: TapCursor): ShipResponse {
  return { tapId, committedSequence: cursor.committed, refused: '' };
}

function refusal(tapId: string, why: string): ShipResponse {
  return { tapId, committedSequence: 0n, refused: `tap ${tapId.slice(0, 80)} takes no more packets: ${why}` };
}

function answer(response: ShipResponse): Accepted {
  return { acknowledged: Promise.resolve(response), digested: Promise.resolve() };
}
