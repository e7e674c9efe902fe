import type { LabConfig, LinkConfig, LinkEnd, RouteConfig } from '../config.js';

/** The box computes checksums of whole packets: what it gets must carry complete ones, and be of wire size. */
const OFFLOADS_OFF = { tx: false, tso: false, gso: false, gro: false } as const;
/** A silent host: the box has no addresses and must not look for neighbours. */
const SILENT = { 'net.ipv6.conf.all.disable_ipv6': 1, 'net.ipv6.conf.default.disable_ipv6': 1 } as const;

export const BOX = { host: 'box', clientSide: 'to-m1', serverSide: 'to-m2' } as const;

/**
 * client – m1 – box – m2 – server. The box is a bump in the wire between the routers: one network, 10.77.2.0/24 and
 * fd77:2::/64, on both its cables, and no hop of its own.
 */
export function boxedChain(): LabConfig {
  return {
    hosts: [
      { name: 'client', routes: routesVia(1, 2, [2, 3]) },
      { name: 'm1', forward: true, routes: routesVia(2, 2, [3]) },
      { name: BOX.host, sysctls: SILENT },
      { name: 'm2', forward: true, routes: routesVia(2, 1, [1]) },
      { name: 'server', routes: routesVia(3, 1, [1, 2]) },
    ],
    links: [
      link(end('client', 1, 1), end('m1', 1, 2)),
      link(end('m1', 2, 1), bare()),
      link(bare(), end('m2', 2, 2)),
      link(end('m2', 3, 1), end('server', 3, 2)),
    ],
  };
}

/** To other networks through host `number` of network `own`. */
function routesVia(own: number, number: number, networks: readonly number[]): RouteConfig[] {
  return networks.flatMap((network) => [
    { to: `10.77.${network}.0/24`, via: `10.77.${own}.${number}` },
    { to: `fd77:${network}::/64`, via: `fd77:${own}::${number}` },
  ]);
}

function end(host: string, network: number, number: number): LinkEnd {
  return {
    host,
    addresses: [`10.77.${network}.${number}/24`, `fd77:${network}::${number}/64`],
    offloads: OFFLOADS_OFF,
  };
}

function bare(): LinkEnd {
  return { host: BOX.host, addresses: [], offloads: OFFLOADS_OFF };
}

function link(left: LinkEnd, right: LinkEnd): LinkConfig {
  return { ends: [left, right] };
}
