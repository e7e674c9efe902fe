import { hostname, networkInterfaces } from 'node:os';

export interface HostPort {
  host: string;
  port: number;
}

/** Splits `host:port`, `[v6]:port` or `host`; the port is null where none is given. */
export function splitHostPort(text: string): { host: string; port: number | null } {
  const match = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text);
  // More than one colon without brackets: a bare IPv6 address.
  if (match === null) return { host: text, port: null };
  return { host: match[1] ?? match[2], port: match[3] === undefined ? null : Number(match[3]) };
}

export function joinHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The addresses at which others reach this host, loopback too; link-local ones mean nothing without a zone. */
export function hostAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return [...new Set(all.filter(({ scopeid }) => !scopeid).map(({ address }) => address))];
}

export function isWildcard(host: string): boolean {
  return host === '' || host === '0.0.0.0' || host === '::';
}

/** How other hosts most likely reach this one, when nobody said: its first outside IPv4 address, else its name. */
export function likelyHost(): string {
  const all = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = all.filter(({ internal }) => !internal);
  return (
    (outside.find(({ family }) => family === 'IPv4') ?? outside.find(({ scopeid }) => !scopeid))?.address ??
    hostname()
  );
}
