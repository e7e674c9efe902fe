import { BothendsError } from '@bothends/proto';

/** What a lab is made of. Scenarios build these by calls; see `chain` for the usual one. */
export interface LabConfig {
  hosts: readonly HostConfig[];
  links: readonly LinkConfig[];
  /** A network beside the data path (10.78.0.0/24) that every host is on unless it opts out. Default true. */
  management?: boolean;
}

export interface HostConfig {
  /** Letters, digits and dashes, 9 characters at most, so that `to-<name>` fits an interface name. */
  name: string;
  /** A router: packets not addressed to it are forwarded, and other hosts' routes may lead through it. */
  forward?: boolean;
  /** Kernel settings of the host's network namespace, set before any address: `net.ipv4.tcp_sack` → 0. */
  sysctls?: Readonly<Record<string, string | number>>;
  /** nft(8) rule set, loaded when the links are up. */
  nft?: string;
  /** Routes that replace the computed shortest ones, for asymmetric paths. */
  routes?: readonly RouteConfig[];
  /** False keeps the host off the management network. Default true. */
  management?: boolean;
}

export interface RouteConfig {
  /** Destination prefix, `10.77.4.0/24`. */
  to: string;
  /** Address of the next hop. */
  via: string;
}

/** A cable between two hosts (a veth pair). */
export interface LinkConfig {
  ends: readonly [LinkEnd, LinkEnd];
  /** MTU of both ends in bytes. Default 1500. */
  mtu?: number;
}

export interface LinkEnd {
  host: string;
  /** Interface name; default `to-<other host>`. */
  interface?: string;
  /** `10.77.1.1/24`, `fd77:1::1/64`. */
  addresses: readonly string[];
  /** MTU of this end alone, bytes. */
  mtu?: number;
  /** ethtool(8) features: `{ tso: false, gro: true }`. Unnamed ones keep the kernel's default. */
  offloads?: Readonly<Record<string, boolean>>;
  /** Token bucket on what leaves by this end. */
  shape?: ShapeConfig;
}

export interface ShapeConfig {
  bitsPerSecond: number;
  /** Bytes that may leave at once. At least one MTU, or nothing passes. */
  burstBytes: number;
  /** How long a packet may wait before it is dropped, ms. */
  latencyMs: number;
}

/** IFNAMSIZ in linux/if.h, without the terminating zero. */
const INTERFACE_NAME_MAX = 15;
const HOST_NAME = /^[a-z0-9][a-z0-9-]*$/i;

/** The interface's name at one end of a link. */
export function interfaceName(end: LinkEnd, peer: LinkEnd): string {
  return end.interface ?? `to-${peer.host}`;
}

/** Throws `invalid-argument` for a configuration that cannot be built, naming the host or link. */
export function checkConfig(config: LabConfig): void {
  const names = new Set<string>();
  for (const { name } of config.hosts) {
    if (!HOST_NAME.test(name)) refuse(`host name "${name}": use letters, digits and dashes`);
    if (names.has(name)) refuse(`host "${name}" is there twice`);
    names.add(name);
  }
  const interfaces = new Set<string>();
  for (const { ends } of config.links) {
    for (const [end, peer] of [ends, [ends[1], ends[0]] as const]) {
      if (!names.has(end.host))
        refuse(`link to unknown host "${end.host}"; there are ${[...names].join(', ')}`);
      const name = interfaceName(end, peer);
      if (name.length > INTERFACE_NAME_MAX) {
        refuse(
          `interface name "${name}" of ${end.host} is longer than ${INTERFACE_NAME_MAX}: set \`interface\``,
        );
      }
      if (interfaces.has(`${end.host} ${name}`))
        refuse(`${end.host} has two interfaces "${name}": set \`interface\``);
      interfaces.add(`${end.host} ${name}`);
    }
  }
}

function refuse(message: string): never {
  throw new BothendsError('invalid-argument', `lab: ${message}`);
}
