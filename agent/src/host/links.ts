import type { RunTool } from './tool.js';

/** What of an interface shows through netlink and ethtool only. */
export interface LinkDetails {
  /** An XDP program runs on it, which may drop or redirect packets before any tap sees them. */
  readonly xdp: boolean;
  /** Its other end is in another network namespace: a container's. */
  readonly peerElsewhere: boolean;
  /** Offloads by which a tap sees other packets than the wire, in ethtool's short names; null: not known. */
  readonly offloads: readonly string[] | null;
}

/** Features of `ethtool -k` that change what a tap sees, and the names that `ethtool -K` takes. */
const OFFLOADS: Readonly<Record<string, string>> = {
  'tcp-segmentation-offload': 'tso',
  'generic-segmentation-offload': 'gso',
  'generic-receive-offload': 'gro',
  'large-receive-offload': 'lro',
  'tx-checksumming': 'tx',
};

/** Details of each interface, by name; without `ip` or `ethtool` less is known. */
export async function readLinks(run: RunTool, names: readonly string[]): Promise<Map<string, LinkDetails>> {
  const links = parseLinks((await run('ip', ['-d', '-j', 'link', 'show'])) ?? '[]');
  const details = names.map(async (name): Promise<[string, LinkDetails]> => {
    const features = await run('ethtool', ['-k', name]);
    const link = links.get(name) ?? { xdp: false, peerElsewhere: false };
    return [name, { ...link, offloads: features === null ? null : parseFeatures(features) }];
  });
  return new Map(await Promise.all(details));
}

/** From the output of `ip -d -j link show`; what cannot be read counts as nothing special. */
export function parseLinks(json: string): Map<string, Omit<LinkDetails, 'offloads'>> {
  const links = new Map<string, Omit<LinkDetails, 'offloads'>>();
  for (const link of asList(json)) {
    const { ifname, xdp, link_netnsid: peer, linkinfo } = link;
    if (ifname === undefined) continue;
    links.set(ifname, {
      xdp: xdp !== undefined,
      peerElsewhere: linkinfo?.info_kind === 'veth' && peer !== undefined,
    });
  }
  return links;
}

interface IpLink {
  readonly ifname?: string;
  readonly xdp?: unknown;
  readonly link_netnsid?: number;
  readonly linkinfo?: { readonly info_kind?: string };
}

function asList(json: string): IpLink[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** Those of OFFLOADS that `ethtool -k` says are on. */
export function parseFeatures(text: string): string[] {
  const on = new Set([...text.matchAll(/^([\w-]+): on\b/gm)].map(([, feature]) => feature));
  return Object.entries(OFFLOADS)
    .filter(([feature]) => on.has(feature))
    .map(([, name]) => name);
}
