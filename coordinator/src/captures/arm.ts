import { BATCH_CODEC, TABLE_CAPACITY } from '@bothends/proto';
import type { Arm, Hello } from '@bothends/proto/gen/bothends/v1/agent';
import type { Capture, Tap } from './capture.js';

/** How agents reach this coordinator: kept out of what they capture. */
export interface CoordinatorEndpoint {
  port: number;
  addresses: readonly string[];
}

/** How the taps of a capture come to the same key. */
export type DigestKey = Pick<Arm, 'digestKey' | 'peerExchangeKey'>;

/**
 * Two agents that can agree on a key do so, and this coordinator never knows it; else it makes one for both.
 * @param own and @param peer what the two agents say of themselves now; null when they are offline
 */
export function digestKeyFor(own: Hello | null, peer: Hello | null, made: Buffer): DigestKey {
  if (own?.exchangeKey === undefined || peer?.exchangeKey === undefined) return { digestKey: made };
  return { digestKey: Buffer.alloc(0), peerExchangeKey: peer.exchangeKey };
}

/** Where marker datagrams go: "discard", which nothing answers and no application listens on. */
const MARKER_PORT = 9;

/**
 * The message that arms one tap of a capture.
 * @param key what its digests are keyed with: 16 bytes for all its taps, or the other host's public key to agree with
 */
export function armMessage(
  capture: Capture,
  tap: Tap,
  key: DigestKey,
  coordinator: CoordinatorEndpoint,
): Arm {
  const { request } = capture;
  const peers = capture.taps.filter(({ id }) => id !== tap.id);
  return {
    captureId: capture.id,
    tapId: tap.id,
    backEnd: request.backEnd,
    interface: request.interface,
    filter: request.filter,
    snaplen: request.snaplen,
    durationMs: BigInt(request.durationMs),
    maxPackets: BigInt(request.maxPackets),
    ...key,
    peerAddresses: peers.flatMap(({ addresses }) => addresses),
    markerPort: request.marker ? MARKER_PORT : 0,
    coordinatorPort: coordinator.port,
    coordinatorAddresses: [...coordinator.addresses],
    requestedBy: request.requestedBy,
    approvedBy: tap.approvedBy ?? '',
    ...(tap.pod && { pod: tap.pod }),
    // The taps of a new capture have shipped nothing yet.
    committedSequence: 0n,
    batchCodec: BATCH_CODEC,
    batchRows: TABLE_CAPACITY,
    ...(request.clearNames ? { clearNames: true } : {}),
    ...(request.keepRaw ? { keepRaw: true } : {}),
  };
}

/** Of a host's or a pod's addresses those at which others may reach it: not loopback, not link-local. */
export function reachableAddresses(addresses: readonly string[]): string[] {
  const all = addresses.map((address) => address.split(/[/%]/)[0]);
  return [...new Set(all.filter((address) => !/^(?:127\.|::1$|fe[89ab][0-9a-f]:)/i.test(address)))];
}
