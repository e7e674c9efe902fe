import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces, release, type } from 'node:os';
import type { InterfaceState } from '@bothends/proto/gen/bothends/v1/packet';
import { interfaceNames } from '../capture/interfaces.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** What an agent tells of its host. */
export interface Host {
  readonly hostname: string;
  /** Changes with every boot; empty where the system has none. */
  readonly bootId: string;
  /** Kernel and its version. */
  readonly platform: string;
  /** As they are now. */
  interfaces(): InterfaceState[];
}

/** The host that this process runs on, as its network namespace sees it. */
export function thisHost(): Host {
  return {
    hostname: hostname(),
    bootId: readText(BOOT_ID),
    platform: `${type()} ${release()}`,
    interfaces: readInterfaces,
  };
}

/** Addresses without prefix length and zone. */
export function addressesOf(interfaces: readonly InterfaceState[]): string[] {
  return [...new Set(interfaces.flatMap(({ addresses }) => addresses))];
}

function readInterfaces(): InterfaceState[] {
  const addresses = networkInterfaces();
  return interfaceNames().map((name) => {
    const read = (file: string) => readText(`/sys/class/net/${name}/${file}`);
    return {
      name,
      index: Number(read('ifindex')) || 0,
      // Loopback and tunnels do not know their state; they work when they are there.
      up: ['up', 'unknown'].includes(read('operstate')),
      mtu: Number(read('mtu')) || 0,
      // Neither shows in /sys: that takes netlink and ethtool.
      xdp: false,
      offloads: [],
      addresses: (addresses[name] ?? []).map(({ address }) => address),
    };
  });
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
