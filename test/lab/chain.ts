import type { HostConfig, LabConfig, LinkConfig, LinkEnd } from './config.js';

/** What a scenario changes about the default chain. */
export interface ChainOptions {
  /** Number of routers m1, m2, … between client and server. Default 3. */
  routers?: number;
  /** Address families of the data path. Default both. */
  families?: readonly (4 | 6)[];
  /** Settings by host name; a host that is not of the chain is added with only a management interface. */
  hosts?: Readonly<Record<string, Omit<HostConfig, 'name'>>>;
  /** Settings by link, named by its two hosts from client to server: `m1-m2`. */
  links?: Readonly<Record<string, ChainLink>>;
}

export interface ChainLink {
  mtu?: number;
  /** Settings of the end nearer the client, and nearer the server. */
  left?: ChainEnd;
  right?: ChainEnd;
}

export type ChainEnd = Pick<LinkEnd, 'mtu' | 'offloads' | 'shape'>;

/**
 * client – m1 – m2 – m3 – server. Link i (from 1) is 10.77.i.0/24 and fd77:i::/64; the end nearer the client is
 * .1, the other .2. So the client is 10.77.1.1 and the server of three routers 10.77.4.2.
 */
export function chain(options: ChainOptions = {}): LabConfig {
  const { routers = 3, families = [4, 6], hosts = {}, links = {} } = options;
  const path = ['client', ...Array.from({ length: routers }, (_, i) => `m${i + 1}`), 'server'];
  const known = new Set(path.slice(1).map((right, i) => `${path[i]}-${right}`));
  for (const name of Object.keys(links)) {
    if (!known.has(name))
      throw new RangeError(`chain: no link "${name}"; there are ${[...known].join(', ')}`);
  }
  const extra = Object.keys(hosts).filter((name) => !path.includes(name));
  return {
    hosts: [...path, ...extra].map((name) => ({ forward: /^m\d+$/.test(name), ...hosts[name], name })),
    links: path.slice(1).map((right, i) => chainLink(i + 1, path[i] ?? '', right, families, links)),
  };
}

function chainLink(
  index: number,
  left: string,
  right: string,
  families: readonly (4 | 6)[],
  links: Readonly<Record<string, ChainLink>>,
): LinkConfig {
  const settings = links[`${left}-${right}`] ?? {};
  const end = (host: string, number: 1 | 2, own: ChainEnd = {}): LinkEnd => ({
    host,
    addresses: families.map((f) => (f === 4 ? `10.77.${index}.${number}/24` : `fd77:${index}::${number}/64`)),
    ...own,
  });
  const ends = [end(left, 1, settings.left), end(right, 2, settings.right)] as const;
  return settings.mtu === undefined ? { ends } : { ends, mtu: settings.mtu };
}
