import type { Endpoint } from '@bothends/proto';

/** Number of ports; a pair of hosts and a port make one whole number. */
const PORTS = 65_536;

/** More than there are addresses; the numbers of two addresses make one that float64 holds exactly. */
const ADDRESSES = 2 ** 26;

/**
 * Numbers pairs of hosts and the services between them, so that flows are grouped by a number: with 100 000 flows, texts
 * to group them by are most of what a report costs.
 */
export class Services {
  private readonly addresses = new Map<string, number>();
  private readonly pairs = new Map<number, number>();
  private readonly servers = new Map<number, Endpoint>();

  /** The number of a pair of hosts. */
  pair(client: string, server: string): number {
    const key = numberIn(this.addresses, client) * ADDRESSES + numberIn(this.addresses, server);
    return numberIn(this.pairs, key);
  }

  /** The server's end of a service of a pair of hosts: one object, however many flows it has. */
  serverOf(pair: number, address: string, port: number): Endpoint {
    const service = serviceOf(pair, port);
    let server = this.servers.get(service);
    if (!server) {
      server = { address, port };
      this.servers.set(service, server);
    }
    return server;
  }
}

/** The number of a service of a pair of hosts. */
export function serviceOf(pair: number, port: number): number {
  return pair * PORTS + port;
}

/** The number of a key; those that are new are numbered as they come. */
function numberIn<Key>(numbers: Map<Key, number>, key: Key): number {
  let number = numbers.get(key);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(key, number);
  }
  return number;
}
