/** The ring's structures (linux/if_packet.h, linux/if_arp.h), in the host's byte order unless said otherwise. */

/** `struct tpacket_block_desc` with its `tpacket_hdr_v1`: indices of 32-bit words. */
export const Block = { status: 2, packets: 3, firstPacket: 4 } as const;

/** `block_status`: whose the block is. */
export const BlockStatus = { kernel: 0, user: 1 } as const;

/** `struct tpacket3_hdr`: indices of 32-bit words, and of 16-bit halves. */
export const Frame = {
  next: 0,
  seconds: 1,
  nanoseconds: 2,
  captured: 3,
  wire: 4,
  status: 5,
  vlanTci: 8,
} as const;
export const FRAME_MAC = 12;
export const FRAME_VLAN_TPID = 18;

/** `tp_status`. */
export const FrameStatus = {
  /** A sum that the network card still has to make, or never will because the packet stays on this machine. */
  checksumNotReady: 1 << 3,
  /** The VLAN tag that was taken out of the packet is in `vlanTci`. */
  vlanValid: 1 << 4,
  /** So is its TPID, which is 0x8100 otherwise. */
  vlanTpidValid: 1 << 6,
} as const;

/** The frame's `struct sockaddr_ll` comes behind its header; byte offsets within it, the protocol in network byte order. */
export const ADDRESS = 48;
export const Address = {
  protocol: 2,
  ifindex: 4,
  hardwareType: 8,
  packetType: 10,
  length: 11,
  bytes: 12,
} as const;

/** Hardware types of interfaces. */
export const Arphrd = { ethernet: 1, loopback: 772, netlink: 824 } as const;
