import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { PacketTable } from '@bothends/proto';
import { createMarker, MARKER_NONCE_BYTES } from '../capture/marker.js';

/** Sends one datagram, best effort: a peer address without a route is not an error. */
export type SendDatagram = (address: string, port: number, payload: Uint8Array) => void;

/** One send can be lost in a queue that is just being set up. */
const SENDS = 3;
const SEND_INTERVAL_MS = 100;
/** Without a sighting after this long the tap is armed all the same, and says that it is unproven. */
const TIMEOUT_MS = 600;
/** A host has few addresses that others use; a list beyond that is not worth a flood. */
const MAX_ADDRESSES = 8;

/**
 * The marker datagram of a tap: sent toward the peer at arming, and to be seen leaving in the tap's own packets,
 * which proves that the tap delivers.
 */
export class MarkerWatch {
  readonly #id: number;
  readonly #payload: Uint8Array;
  #seenNs = 0n;
  #over = false;
  #wake: () => void = () => {};

  constructor(randomBytes: (count: number) => Uint8Array) {
    const marker = createMarker(randomBytes(MARKER_NONCE_BYTES));
    this.#id = marker.id;
    this.#payload = marker.payload;
  }

  /** What the packet table shows for it. */
  get id(): number {
    return this.#id;
  }

  /** Looks for the marker among rows, until `prove` has resolved. */
  look(table: PacketTable): void {
    if (this.#over) return;
    for (let i = 0; i < table.length; i++) {
      if (table.marker[i] !== this.#id) continue;
      this.#seenNs = table.baseNs + BigInt(table.time[i]);
      this.#over = true;
      this.#wake();
      return;
    }
  }

  /**
   * Sends it once to each address. Called again when the taps of all hosts are open, so that the others see it,
   * too.
   */
  send(addresses: readonly string[], port: number, send: SendDatagram): void {
    if (port === 0) return;
    for (const address of addresses.slice(0, MAX_ADDRESSES)) send(address, port, this.#payload);
  }

  /** Sends until it is seen; resolves with when it left (epoch ns), 0 when it was not seen in time. */
  async prove(addresses: readonly string[], port: number, send: SendDatagram): Promise<bigint> {
    if (port === 0 || addresses.length === 0) this.#over = true;
    if (this.#over) return this.#seenNs;
    let sends = 0;
    const sendAll = () => {
      if (sends++ < SENDS) this.send(addresses, port, send);
    };
    const interval = setInterval(sendAll, SEND_INTERVAL_MS);
    let timeout: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timeout = setTimeout(resolve, TIMEOUT_MS);
      sendAll();
    });
    clearInterval(interval);
    clearTimeout(timeout);
    this.#over = true;
    return this.#seenNs;
  }
}

/** Sends with a socket of its own, which takes the source address that the route gives. */
export const sendDatagram: SendDatagram = (address, port, payload) => {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('error', () => socket.close());
  socket.send(payload, port, address, () => socket.close());
};
