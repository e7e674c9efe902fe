import type { Endpoint } from '@bothends/proto';

/** Ports that there are: a host pair and a port make one whole number. */
const PORTS = 65_536;

/**
 * Numbers pairs of hosts and the services between them, so that flows are grouped by a number: with 100 000 flows, texts
 * to group them by are most of what a report costs.
 */
export class Services {
  private readonly pairs = new Map<string, Map<string, number>>();
  private readonly servers = new Map<number, Endpoint>();
  private count = 0;

  /** The number of a pair of hosts. */
  pair(client: string, server: string): number {
    let servers = this.pairs.get(client);
    if (!servers) {
      servers = new Map();
      this.pairs.set(client, servers);
    }
    let pair = servers.get(server);
    if (pair === undefined) {
      pair = this.count++;
      servers.set(server, pair);
    }
    return pair;
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
