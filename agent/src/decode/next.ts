/**
 * What comes after a header: each header's decoder returns one of these numbers and the walk in decoder.ts goes on
 * with it. An EtherType stands for itself, an IP protocol has IP_PROTOCOL added, 0 ends the walk.
 */
export type Next = number;

export const STOP = 0;
/** Above every EtherType. */
export const IP_PROTOCOL = 0x10000;

/**
 * EtherTypes (IEEE 802 numbers) that the walk knows. A smaller number is a length (IEEE 802.3), and in a cooked header
 * the kernel's ETH_P_802_2, which says the same: an LLC header follows.
 */
export const EtherType = {
  ipv4: 0x0800,
  /** Transparent Ethernet bridging: an Ethernet frame inside a tunnel. */
  bridged: 0x6558,
  vlan: 0x8100,
  ipv6: 0x86dd,
  mpls: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  /** LLC in a frame longer than a length field can say. */
  jumboLlc: 0x8870,
  /** PPP in GRE (PPTP). */
  ppp: 0x880b,
  vnTag: 0x8926,
  erspan3: 0x22eb,
  erspan2: 0x88be,
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
  authentication: 51,
  icmpv6: 58,
  mplsInIp: 137,
} as const;

/** `tunnel` of the packet table. */
export const Tunnel = { vxlan: 1, geneve: 2, gtp: 3, ipip: 4, sixInFour: 41, gre: 47, mpls: 137 } as const;
