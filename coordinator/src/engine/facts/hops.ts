/** Initial TTLs in use. A packet that still has one was sent by the host whose tap saw it, or near it. */
export const INITIAL_TTLS: readonly number[] = [32, 64, 128, 255];

/** Routers that a packet passed, by the nearest initial TTL above what is left; a guess, never proof. */
export function hopsOf(ttl: number): number {
  return (INITIAL_TTLS.find((initial) => initial >= ttl) ?? 255) - ttl;
}
