import type { KeyObject } from 'node:crypto';
import { signBatch } from '@bothends/proto/evidence/chain';
import type { Shipment } from '../uplink/shipper.js';

/** The shipments with every batch signed as it leaves: what it then says of losses is part of what is signed. */
export function* signedShipments(shipments: Iterable<Shipment>, key: KeyObject): Generator<Shipment> {
  for (const shipment of shipments) yield new SignedShipment(shipment, key);
}

class SignedShipment implements Shipment {
  readonly #shipment: Shipment;
  readonly #key: KeyObject;

  constructor(shipment: Shipment, key: KeyObject) {
    this.#shipment = shipment;
    this.#key = key;
  }

  get tapId(): string {
    return this.#shipment.tapId;
  }

  get committed(): number {
    return this.#shipment.committed;
  }

  next(sequence: number): ReturnType<Shipment['next']> {
    const batch = this.#shipment.next(sequence);
    return batch && signBatch(batch, this.#key);
  }

  commit(sequence: number): void {
    this.#shipment.commit(sequence);
  }

  refuse(reason: string): void {
    this.#shipment.refuse(reason);
  }
}
