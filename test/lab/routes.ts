import { parseInterfaceAddress } from './addresses.js';
import type { LabConfig, LinkEnd, RouteConfig } from './config.js';

interface Neighbour {
  host: string;
  /** The neighbour's end of the shared link. */
  end: LinkEnd;
}

/**
 * Static routes of one host to every network that it is not on, over the fewest links, through routers only. The
 * host's own `routes` come last, so that with `ip route replace` they win.
 */
export function routesOf(config: LabConfig, host: string): RouteConfig[] {
  const neighbours = neighboursOf(config);
  const firstHops = shortestFirstHops(config, neighbours, host);
  const routes: RouteConfig[] = [];
  const done = new Set(networksOf(config, host));
  // A host without an address, a bump in the wire, is no party to any network.
  if (done.size === 0) return [];
  for (const [destination, firstHop] of firstHops) {
    for (const network of networksOf(config, destination)) {
      if (done.has(network)) continue;
      done.add(network);
      const via = firstHop.end.addresses
        .map(parseInterfaceAddress)
        .find((a) => a.family === familyOf(network));
      if (via) routes.push({ to: network, via: via.address });
    }
  }
  return [...routes, ...(config.hosts.find(({ name }) => name === host)?.routes ?? [])];
}

/** Breadth-first search: for every reachable host, nearest first, the neighbour that the way there begins with. */
function shortestFirstHops(
  config: LabConfig,
  neighbours: Map<string, Neighbour[]>,
  from: string,
): Map<string, Neighbour> {
  const routers = new Set(config.hosts.filter(({ forward }) => forward).map(({ name }) => name));
  const firstHops = new Map<string, Neighbour>();
  const queue: string[] = [from];
  for (const host of queue) {
    if (host !== from && !routers.has(host)) continue;
    for (const neighbour of neighbours.get(host) ?? []) {
      if (neighbour.host === from || firstHops.has(neighbour.host)) continue;
      firstHops.set(neighbour.host, firstHops.get(host) ?? neighbour);
      queue.push(neighbour.host);
    }
  }
  return firstHops;
}

function neighboursOf(config: LabConfig): Map<string, Neighbour[]> {
  const neighbours = new Map<string, Neighbour[]>();
  for (const { ends } of config.links) {
    for (const [end, peer] of [ends, [ends[1], ends[0]] as const]) {
      const list = neighbours.get(end.host) ?? [];
      list.push({ host: peer.host, end: peer });
      neighbours.set(end.host, list);
    }
  }
  return neighbours;
}

function networksOf(config: LabConfig, host: string): string[] {
  const ends = config.links.flatMap(({ ends }) => ends).filter((end) => end.host === host);
  return ends.flatMap((end) => end.addresses.map((text) => parseInterfaceAddress(text).network));
}

function familyOf(network: string): 4 | 6 {
  return network.includes(':') ? 6 : 4;
}
