import type { UnreadReport } from '@bothends/proto';
import type { Tap } from '../taps.js';

/** IP protocols that are met beside TCP, UDP and ICMP (IANA numbers), by the names that people use. */
const NAMES: Readonly<Record<number, string>> = {
  2: 'IGMP',
  33: 'DCCP',
  47: 'GRE with an unknown content',
  50: 'ESP (IPsec)',
  88: 'EIGRP',
  89: 'OSPF',
  94: 'IP in IP (KA9Q)',
  97: 'EtherIP',
  103: 'PIM',
  108: 'IPComp',
  112: 'VRRP',
  115: 'L2TP',
  132: 'SCTP',
  136: 'UDP-Lite',
};

/** Protocols that are read: what is counted of them had a damaged header. */
const READ: Readonly<Record<number, string>> = { 1: 'ICMP', 6: 'TCP', 17: 'UDP', 58: 'ICMPv6' };

/** What a tap holds that was not looked into, by name, most first. */
export function unreadReport(tap: Tap): UnreadReport[] {
  const report: UnreadReport[] = [];
  for (const [protocol, packets] of tap.unread.entries())
    if (packets > 0) report.push({ what: nameOf(protocol), packets });
  return report.sort((a, b) => b.packets - a.packets);
}

function nameOf(protocol: number): string {
  if (protocol === 0) return 'not IP';
  const read = READ[protocol];
  return read ? `${read} with a damaged header` : (NAMES[protocol] ?? `IP protocol ${protocol}`);
}
