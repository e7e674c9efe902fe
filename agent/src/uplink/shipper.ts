import type { ShipRequest, ShipResponse } from '@bothends/proto/gen/bothends/v1/agent';
import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';

/** A tap as the shipper sees it: a numbered queue that outlives connections. */
export interface Shipment {
  readonly tapId: string;
  /** Every batch up to here is committed at the coordinator. */
  readonly committed: number;
  /** The batch after `sequence`, null when there is none yet. */
  next(sequence: number): Batch | null;
  commit(sequence: number): void;
  /** The coordinator will never take batches of this tap. */
  refuse(reason: string): void;
}

/** The part of a duplex stream that shipping needs. */
export interface ShipStream {
  write(message: ShipRequest): boolean;
  on(event: 'data', listener: (message: ShipResponse) => void): unknown;
  on(event: 'drain', listener: () => void): unknown;
}

/**
 * Batches of a tap that may be under way without a commit. Holds a second of full load; beyond it more in flight
 * would only fill the coordinator's memory.
 */
const WINDOW = 256;

/**
 * Sends what taps have, from the first batch that is not committed, in order. It stops while the stream is
 * full (`write() === false`) or the window is, and never holds a batch itself: what waits stays in the spool.
 */
export class Shipper {
  readonly #stream: ShipStream;
  readonly #shipments: () => Iterable<Shipment>;
  /** Last sequence number sent on this stream, by tap. */
  readonly #sent = new Map<string, number>();
  #full = false;

  constructor(stream: ShipStream, shipments: () => Iterable<Shipment>) {
    this.#stream = stream;
    this.#shipments = shipments;
    stream.on('data', (response) => this.#answered(response));
    stream.on('drain', () => {
      this.#full = false;
      this.pump();
    });
  }

  /** Sends what there is and what fits; to be called when a tap has something new. */
  pump(): void {
    let sent = true;
    while (sent && !this.#full) {
      sent = false;
      // One batch of each in turn, so that a busy tap does not hold up a quiet one.
      for (const shipment of this.#shipments()) {
        if (this.#full) return;
        sent = this.#sendOne(shipment) || sent;
      }
    }
  }

  #sendOne(shipment: Shipment): boolean {
    const last = Math.max(this.#sent.get(shipment.tapId) ?? 0, shipment.committed);
    if (last - shipment.committed >= WINDOW) return false;
    const batch = shipment.next(last);
    if (batch === null) return false;
    this.#sent.set(shipment.tapId, last + 1);
    this.#full = !this.#stream.write({ batch });
    return true;
  }

  #answered({ tapId, committedSequence, refused }: ShipResponse): void {
    for (const shipment of this.#shipments()) {
      if (shipment.tapId !== tapId) continue;
      if (refused !== '') shipment.refuse(refused);
      else shipment.commit(Number(committedSequence));
      break;
    }
    this.pump();
  }
}
