import { type ChainOptions, chain, type LabConfig } from '../lab/index.js';
import { boxedChain } from '../lab/middlebox/topology.js';

/** The usual chain without a management network: nothing but the incident is on the wire. */
export function path(options: ChainOptions = {}): () => LabConfig {
  return () => ({ ...chain(options), management: false });
}

/** The chain with the in-line box between its two routers. */
export function boxed(): LabConfig {
  return { ...boxedChain(), management: false };
}

/** Kernel settings of client and server alike. */
export function onBothEnds(
  sysctls: Readonly<Record<string, string | number>>,
): NonNullable<ChainOptions['hosts']> {
  return { client: { sysctls }, server: { sysctls } };
}

/** The boxed chain with kernel settings at both ends. */
export function boxedWith(sysctls: Readonly<Record<string, string | number>>): () => LabConfig {
  return () => {
    const config = boxed();
    const hosts = config.hosts.map((host) =>
      ['client', 'server'].includes(host.name) ? { ...host, sysctls } : host,
    );
    return { ...config, hosts };
  };
}
