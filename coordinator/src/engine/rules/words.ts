import type { Grade } from '@bothends/proto';

/** Grades at which a sentence may claim; below them it says only what may be. */
export function carriesClaim(grade: Grade): boolean {
  return grade !== 'possible' && grade !== 'inconclusive';
}

export function count(n: number, what: string): string {
  return n === 1 ? `one ${what}` : `${n} ${what}s`;
}

/** Frames that a host passes over are addressed by whoever sends them on the last link. */
export const ASTRAY_REMEDY =
  'Compare the neighbour table of the last router (`ip neigh`, `show arp`) with the MAC address of the host: an address that two hosts use, a failover that was not announced, or a forged ARP.';
