/** The two hosts between which traffic is made up: 10.1.0.1 and up, 60 000 ports each, and 10.2.0.1:443. */
export const CLIENT = 0x0a010001;
export const FIRST_PORT = 1_024;
export const PORTS = 60_000;
export const SERVER = 0x0a020001;
export const SERVER_PORT = 443;
export const TTL = 64;
/** Routers between them. */
export const HOPS = 3;

export type End = 'client' | 'server';

/** Addresses and ports of what one end of connection `i` sends. */
export function tupleOf(from: End, i: number) {
  const [address, port] = [CLIENT + Math.floor(i / PORTS), FIRST_PORT + (i % PORTS)];
  return from === 'client'
    ? { source: address, destination: SERVER, sourcePort: port, destinationPort: SERVER_PORT }
    : { source: SERVER, destination: address, sourcePort: SERVER_PORT, destinationPort: port };
}

/** Far apart, and never so high that adding 1 would wrap. */
export function isnOf(from: End, i: number): number {
  return Math.imul(i + 1, from === 'client' ? 0x9e3779b1 : 0x85ebca6b) >>> 1;
}
