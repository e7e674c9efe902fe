import { isCompilable } from './filter-compile.js';

/** Who takes part in a capture, as far as its filter is concerned. */
export interface FilterContext {
  /** Addresses of this host and of the other hosts of the capture, in text. */
  readonly localAddresses: readonly string[];
  readonly peerAddresses: readonly string[];
  /** Where this agent sends its batches; port 0 when nowhere. */
  readonly coordinatorAddresses: readonly string[];
  readonly coordinatorPort: number;
  /** Destination port of the marker datagram; 0 when none is sent. */
  readonly markerPort: number;
  readonly linkType: number;
}

/** Above this a list of addresses makes the program longer than it makes the capture smaller. */
const MAX_ADDRESSES = 16;

/** Errors that quote a packet: unreachable, source quench, redirect, time exceeded, parameter problem; 1..4 in IPv6. */
const ICMP_ERROR = 'icmp and (icmp[0] = 3 or icmp[0] = 4 or icmp[0] = 5 or icmp[0] = 11 or icmp[0] = 12)';
const ICMP6_ERROR = 'icmp6 and ip6[40] >= 1 and ip6[40] <= 4';
/** Fragments after the first have no ports that a filter could match; 44 is the fragment header. */
const LATER_FRAGMENT = '(ip[6:2] & 0x1fff != 0) or (ip6[6] = 44)';

/** Keywords that shift the offsets of everything to their right: such a filter says itself what it wants. */
const SHIFTS_OFFSETS = /\b(vlan|mpls|pppoes|pppoed|geneve|vxlan)\b/;

/**
 * The user's filter widened by what verdicts need (ICMP errors, later fragments, the marker, the same inside a VLAN tag) and
 * narrowed by this agent's own traffic. `text` must compile alone. Throws what compiling throws.
 */
export async function widenFilter(text: string, context: FilterContext): Promise<string> {
  const own = ownTraffic(context);
  const narrow = own === null ? '' : `not (${own}) and `;
  if (text.trim() === '') return own === null ? '' : `not (${own})`;
  // The user's part comes last, so that a shift of offsets in it cannot spoil the others.
  const wide = [...additions(context), `(${text})`].join(' or ');
  const plain = `${narrow}(${wide})`;
  if (SHIFTS_OFFSETS.test(text)) return plain;
  // `vlan` shifts offsets too, for all that follows; cooked and raw captures do not have it.
  const tagged = `(${plain}) or (vlan and ${plain})`;
  return (await isCompilable(tagged, context.linkType)) ? tagged : plain;
}

/** What is captured although the user did not ask for it. */
function additions(context: FilterContext): string[] {
  const local = anyHost(context.localAddresses);
  const peers = anyHost(context.peerAddresses);
  const ofLocal = local === null ? '' : ` and (${local})`;
  const ofPair = peers === null ? ofLocal : `${ofLocal} and (${peers})`;
  const parts = [`(${ICMP_ERROR}${ofLocal})`, `(${ICMP6_ERROR}${ofLocal})`, `((${LATER_FRAGMENT})${ofPair})`];
  if (context.markerPort > 0) parts.push(`(udp dst port ${context.markerPort})`);
  return parts;
}

/**
 * The agent's connection to the coordinator; capturing it would feed on itself. Inside a VLAN tag it is recognised only
 * where the kernel strips tags (Linux does, before the tap) or the user's part looks into tagged packets.
 */
function ownTraffic(context: FilterContext): string | null {
  const hosts = anyHost(context.coordinatorAddresses);
  if (context.coordinatorPort === 0) return null;
  const port = `tcp port ${context.coordinatorPort}`;
  return hosts === null ? null : `${port} and (${hosts})`;
}

/** `host a or host b`; null when there are none, or so many that they are left out. */
function anyHost(addresses: readonly string[]): string | null {
  // A zone (fe80::1%eth0) is not part of an address on the wire.
  const plain = [...new Set(addresses.map((a) => a.split('%', 1)[0] ?? a))];
  if (plain.length === 0 || plain.length > MAX_ADDRESSES) return null;
  return plain.map((address) => `host ${address}`).join(' or ');
}
