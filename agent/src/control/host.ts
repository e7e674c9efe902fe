import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces, release, type } from 'node:os';
import type { HostFacts, InterfaceState } from '@bothends/proto/gen/bothends/v1/packet';
import { interfaceNames } from '../capture/interfaces.js';
import { networkNamespace } from '../host/rights.js';
import { HostSurvey } from '../host/survey.js';

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** What an agent tells of its host. */
export interface Host {
  readonly hostname: string;
  /** Changes with every boot; empty where the system has none. */
  readonly bootId: string;
  /** Kernel and its version. */
  readonly platform: string;
  /** As they are now; offloads and XDP as the last survey found them. */
  interfaces(): InterfaceState[];
  /** Kernel, namespace and clock; the clock as of the last survey. */
  facts(): HostFacts;
  /** What cannot be seen from here and how to change it, as of the last survey. */
  limits(): string[];
  /** Asks the programs that know more than /sys; never rejects. */
  survey(): Promise<void>;
}

/** The host that this process runs on, as its network namespace sees it. */
export function thisHost(): Host {
  const survey = new HostSurvey(interfaceNames);
  const platform = `${type()} ${release()}`;
  const namespace = networkNamespace();
  return {
    // It may be renamed while this runs.
    get hostname() {
      return hostname();
    },
    bootId: readText(BOOT_ID),
    platform,
    interfaces: () => readInterfaces().map((state) => survey.describe(state)),
    facts: () => ({ kernel: platform, networkNamespace: namespace, clockSync: survey.clockSync }),
    limits: () => survey.limits(),
    survey: () => survey.refresh(),
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
      // Neither shows in /sys: the survey knows them.
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
