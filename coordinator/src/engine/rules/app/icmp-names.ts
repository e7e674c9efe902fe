/** Unreachable codes of ICMP (RFC 792, RFC 1122, RFC 1812) and of ICMPv6 (RFC 4443). */
const UNREACHABLE_4: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'fragmentation needed',
  'source route failed',
  'destination network unknown',
  'destination host unknown',
  'source host isolated',
  'network administratively prohibited',
  'host administratively prohibited',
  'network unreachable for this type of service',
  'host unreachable for this type of service',
  'communication administratively prohibited',
  'host precedence violation',
  'precedence cutoff',
];
const UNREACHABLE_6: readonly string[] = [
  'no route to destination',
  'communication administratively prohibited',
  'beyond scope of source address',
  'address unreachable',
  'port unreachable',
  'source address failed policy',
  'reject route to destination',
];

/** What an ICMP error says, whichever IP version it belongs to. */
export type IcmpMeaning =
  | 'unreachable'
  | 'port-unreachable'
  | 'too-big'
  | 'time-exceeded'
  | 'parameter-problem'
  | 'other';

export function icmpMeaning(ipVersion: number, type: number, code: number): IcmpMeaning {
  if (ipVersion === 6) {
    if (type === 1) return code === 4 ? 'port-unreachable' : 'unreachable';
    return type === 2 ? 'too-big' : type === 3 ? 'time-exceeded' : type === 4 ? 'parameter-problem' : 'other';
  }
  if (type === 3) return code === 4 ? 'too-big' : code === 3 ? 'port-unreachable' : 'unreachable';
  return type === 11 ? 'time-exceeded' : type === 12 ? 'parameter-problem' : 'other';
}

/** Name of an ICMP error as tcpdump and the RFCs have it. */
export function icmpName(ipVersion: number, type: number, code: number): string {
  switch (icmpMeaning(ipVersion, type, code)) {
    case 'too-big':
      return ipVersion === 6 ? 'packet too big' : 'fragmentation needed';
    case 'time-exceeded':
      return code === 1 ? 'fragment reassembly time exceeded' : 'time to live exceeded';
    case 'parameter-problem':
      return 'parameter problem';
    case 'other':
      return `ICMP type ${type} code ${code}`;
    default:
      return (ipVersion === 6 ? UNREACHABLE_6 : UNREACHABLE_4)[code] ?? `unreachable, code ${code}`;
  }
}
