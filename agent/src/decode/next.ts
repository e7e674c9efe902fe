/**
 * What comes after a header: each header's decoder returns one of these numbers and the walk in decoder.ts goes on
 * with it. An EtherType stands for itself, an IP protocol has IP_PROTOCOL added, 0 ends the walk.
 */
export type Next = number;

export const STOP = 0;
/** Above every EtherType. */
export const IP_PROTOCOL = 0x10000;

/** EtherTypes (IEEE 802 numbers) that the walk knows. */
export const EtherType = {
  ipv4: 0x0800,
  /** Transparent Ethernet bridging: an Ethernet frame inside a tunnel. */
  bridged: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  pppoeSession: 0x8864,
  serviceVlan: 0x88a8,
  oldQinq: 0x9100,
} as const;

/** IP protocol numbers (IANA) that the walk knows. */
export const Protocol = {
  icmp: 1,
  ipip: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  gre: 47,
  icmpv6: 58,
} as const;

/** `tunnel` of the packet table. */
export const Tunnel = { vxlan: 1, geneve: 2, ipip: 4, sixInFour: 41, gre: 47 } as const;
