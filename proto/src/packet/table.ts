import { ColumnMaker } from './column-maker.js';
import type { Scan } from './scan.js';

/** Row limits and defaults of a table. One table is one batch of a tap. */

/** Rows per table: some 64 kB and more when it is full and coded, small enough to stay in the L2 cache. */
export const TABLE_CAPACITY = 8192;
/** The same in releases that did not say how many rows they take; theirs are the batches that everybody reads. */
export const FIRST_TABLE_CAPACITY = 4096;

/** `vlan` when a packet carries no tag (4095 is reserved by 802.1Q and never a real VID). */
export const NO_VLAN = 0xffff;
/** `wscale` when the option is absent (the largest legal shift is 14). */
export const NO_WSCALE = 0xff;
/** Payload bytes that `digestHigh` covers where there are so many. */
export const DIGEST_PREFIX = 16;
/** `httpLength` when no Content-Length was seen. */
export const NO_LENGTH = 0xffffffff;

/** How far a packet could be decoded; `layer`. */
export const Layer = { none: 0, link: 1, network: 2, transport: 3 } as const;

/** `packetType`: the kernel's view of the direction (linux/if_packet.h), 255 where unknown. */
export const PacketType = {
  host: 0,
  broadcast: 1,
  multicast: 2,
  otherHost: 3,
  outgoing: 4,
  unknown: 255,
} as const;

/** Bits of `marks`: what was wrong with a packet as captured. */
export const Mark = {
  /** Cut by the snaplen before a header or option that the packet claims to have. */
  cut: 1,
  /** A header contradicts itself or the packet's length. */
  malformed: 2,
  /** Valid, but a header that this decoder does not know ended the walk. */
  unsupported: 4,
  /** The Ethernet source is this host's (set by a back end that knows); reserved for taps without packet type. */
  reserved: 8,
} as const;

/** Bits of `ipFlags`. */
export const IpFlag = { dontFragment: 1, moreFragments: 2, fragment: 4 } as const;

/** Bits of `tcpFlags`, RFC 9293 order; bit 8 is AE (RFC 9768, formerly NS). */
export const Tcp = {
  fin: 0x01,
  syn: 0x02,
  rst: 0x04,
  psh: 0x08,
  ack: 0x10,
  urg: 0x20,
  ece: 0x40,
  cwr: 0x80,
  ae: 0x100,
} as const;

/** Bits of `tcpOptions`: option kinds seen. */
export const TcpOption = {
  mss: 1,
  windowScale: 2,
  sackPermitted: 4,
  sack: 8,
  timestamps: 16,
  md5: 32,
  ao: 64,
  mptcp: 128,
  fastOpen: 256,
  other: 512,
} as const;

/** `checksum`: state of the TCP/UDP checksum. Never judge a sender's own: offload leaves it partial. */
export const Checksum = { unknown: 0, ok: 1, bad: 2, partial: 3 } as const;

/** `httpKind`; HEAD stands apart because its answer declares a body and has none. */
export const Http = { none: 0, request: 1, response: 2, head: 3 } as const;

/**
 * Packets as columns: row `i` of every column is packet `i`. Columns are reused between batches, so a
 * column that belongs to a protocol is valid only where the row says that the protocol is there:
 * `ipVersion` 4 or 6 for network fields, `layer === Layer.transport` with `protocol` 6/17/1/58 for theirs
 * (ports, sequence, acknowledgment, flags, window, urgent, ICMP type and code), `sackCount` for `sack`,
 * `quotedProtocol` for the other quoted fields. Every other column holds its "absent" value, named beside it
 * or 0, in rows that it does not apply to; the decoder sees to that.
 *
 * Address columns hold four 32-bit words a row, most significant first; IPv4 is stored IPv4-mapped
 * (`::ffff:a.b.c.d`), so that one code path serves both families.
 */
export class PacketTable {
  /** Rows in use. */
  length = 0;
  /** Epoch nanoseconds that `time` counts from. */
  baseNs = 0n;
  /** Every column says "absent" in the rows not in use: who fills the table need not see to that. */
  isBlank = false;

  /** ns since `baseNs`, integer; exact for 104 days either way. */
  readonly time: Float64Array;
  /** Bytes on the wire, with link header; bytes captured. */
  readonly wireLength: Uint32Array;
  readonly capturedLength: Uint32Array;
  readonly layer: Uint8Array;
  readonly marks: Uint8Array;

  /** Interface index (0 unknown) and kernel packet type (PacketType). */
  readonly ifindex: Int32Array;
  readonly packetType: Uint8Array;
  /** Outermost VLAN id, NO_VLAN if none. */
  readonly vlan: Uint16Array;
  /** 32-bit digests of the Ethernet addresses, 0 where the link has none. */
  readonly sourceMac: Uint32Array;
  readonly destinationMac: Uint32Array;
  /**
   * Innermost tunnel around the packet: 0 none, 1 VXLAN, 2 Geneve, 3 GTP-U, 4 IPIP, 41 IPv6 in IP,
   * 47 GRE, 137 MPLS over IP or as a pseudowire; the columns below are the inner packet's.
   */
  readonly tunnel: Uint8Array;

  /** 4, 6 or 0 for anything else. */
  readonly ipVersion: Uint8Array;
  /** Four words a row. */
  readonly source: Uint32Array;
  readonly destination: Uint32Array;
  /** TTL or hop limit; TOS or traffic class byte. */
  readonly ttl: Uint8Array;
  readonly tos: Uint8Array;
  /** IPv4 identification, or the identification of an IPv6 fragment header. */
  readonly ipId: Uint32Array;
  readonly ipFlags: Uint8Array;
  /** Fragment offset in bytes. */
  readonly fragmentOffset: Uint16Array;
  readonly flowLabel: Uint32Array;
  /** Total length of the IP packet on the wire, bytes, header included. */
  readonly ipLength: Uint32Array;
  /** Upper-layer protocol after extension headers (6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6). */
  readonly protocol: Uint8Array;

  /** For an ICMP echo both are its identifier (and `sequence` its sequence number), for other ICMP 0. */
  readonly sourcePort: Uint16Array;
  readonly destinationPort: Uint16Array;
  /** Transport payload on the wire, bytes; the IP payload for later fragments and unknown protocols. */
  readonly payloadLength: Uint32Array;
  /**
   * Keyed digest of the first `digestLength` (at most 64) payload bytes; 0/0 with length 0 when none captured. From
   * DIGEST_PREFIX bytes on the high word covers the first DIGEST_PREFIX alone: digests over more and fewer bytes are
   * compared by it.
   */
  readonly digestHigh: Uint32Array;
  readonly digestLow: Uint32Array;
  readonly digestLength: Uint8Array;
  readonly checksum: Uint8Array;

  /** Also the sequence number of an ICMP echo message; its identifier stands in both ports. */
  readonly sequence: Uint32Array;
  readonly acknowledgment: Uint32Array;
  readonly tcpFlags: Uint16Array;
  readonly window: Uint16Array;
  readonly urgent: Uint16Array;
  /** TcpOption bits, and a digest of the kinds in their order (NOP and end left out). */
  readonly tcpOptions: Uint16Array;
  readonly tcpOptionOrder: Uint32Array;
  /** 0 when the option is absent. */
  readonly mss: Uint16Array;
  readonly wscale: Uint8Array;
  readonly timestampValue: Uint32Array;
  readonly timestampEcho: Uint32Array;
  /** Blocks in `sack` (0..4); eight words a row, left edge then right edge. */
  readonly sackCount: Uint8Array;
  readonly sack: Uint32Array;

  /** ICMP or ICMPv6 type and code; next-hop MTU where the message carries one, else 0. */
  readonly icmpType: Uint8Array;
  readonly icmpCode: Uint8Array;
  readonly icmpMtu: Uint32Array;
  /** The packet quoted by an ICMP error: protocol 0 when there is no readable quote. */
  readonly quotedProtocol: Uint8Array;
  readonly quotedSource: Uint32Array;
  readonly quotedDestination: Uint32Array;
  readonly quotedSourcePort: Uint16Array;
  readonly quotedDestinationPort: Uint16Array;
  readonly quotedIpId: Uint16Array;
  readonly quotedSequence: Uint32Array;

  /** TLS record type (20..23, 0 none), first handshake type (255 none), alert level and description (0 none). */
  readonly tlsRecord: Uint8Array;
  readonly tlsHandshake: Uint8Array;
  readonly tlsAlertLevel: Uint8Array;
  readonly tlsAlert: Uint8Array;
  /** DNS header id and flags word, first question's type; dnsFlags 0 and dnsType 0 when not DNS. */
  readonly dnsId: Uint16Array;
  readonly dnsFlags: Uint16Array;
  readonly dnsType: Uint16Array;
  /** Keyed digest of the DNS question name or the TLS server name; 0/0 none. */
  readonly nameHigh: Uint32Array;
  readonly nameLow: Uint32Array;
  readonly httpKind: Uint8Array;
  readonly httpStatus: Uint16Array;
  readonly httpLength: Uint32Array;
  /** Bytes of payload that the HTTP head takes (to its blank line), 0 when the end was not captured. */
  readonly httpHeadLength: Uint16Array;
  /** Nonzero for the marker datagram that an agent sends at arming: low 32 bits of its nonce. */
  readonly marker: Uint32Array;

  readonly capacity: number;
  /** False for what an older version coded, whose `digestHigh` covers all `digestLength` bytes like `digestLow`. */
  prefixDigests = true;
  /** What a scan of the rows told whoever filled the table; null where nobody made one. */
  scan: Scan | null = null;

  /** In `memory` (see `tableBytes`), which may be shared with another thread, or in memory of its own. */
  constructor(capacity: number = TABLE_CAPACITY, memory: ArrayBufferLike | null = null) {
    const n = capacity;
    const column = new ColumnMaker(memory);
    this.capacity = n;
    this.time = column.float64(n);
    this.wireLength = column.uint32(n);
    this.capturedLength = column.uint32(n);
    this.layer = column.uint8(n);
    this.marks = column.uint8(n);
    this.ifindex = column.int32(n);
    this.packetType = column.uint8(n);
    this.vlan = column.uint16(n);
    this.sourceMac = column.uint32(n);
    this.destinationMac = column.uint32(n);
    this.tunnel = column.uint8(n);
    this.ipVersion = column.uint8(n);
    this.source = column.uint32(n * 4);
    this.destination = column.uint32(n * 4);
    this.ttl = column.uint8(n);
    this.tos = column.uint8(n);
    this.ipId = column.uint32(n);
    this.ipFlags = column.uint8(n);
    this.fragmentOffset = column.uint16(n);
    this.flowLabel = column.uint32(n);
    this.ipLength = column.uint32(n);
    this.protocol = column.uint8(n);
    this.sourcePort = column.uint16(n);
    this.destinationPort = column.uint16(n);
    this.payloadLength = column.uint32(n);
    this.digestHigh = column.uint32(n);
    this.digestLow = column.uint32(n);
    this.digestLength = column.uint8(n);
    this.checksum = column.uint8(n);
    this.sequence = column.uint32(n);
    this.acknowledgment = column.uint32(n);
    this.tcpFlags = column.uint16(n);
    this.window = column.uint16(n);
    this.urgent = column.uint16(n);
    this.tcpOptions = column.uint16(n);
    this.tcpOptionOrder = column.uint32(n);
    this.mss = column.uint16(n);
    this.wscale = column.uint8(n);
    this.timestampValue = column.uint32(n);
    this.timestampEcho = column.uint32(n);
    this.sackCount = column.uint8(n);
    this.sack = column.uint32(n * 8);
    this.icmpType = column.uint8(n);
    this.icmpCode = column.uint8(n);
    this.icmpMtu = column.uint32(n);
    this.quotedProtocol = column.uint8(n);
    this.quotedSource = column.uint32(n * 4);
    this.quotedDestination = column.uint32(n * 4);
    this.quotedSourcePort = column.uint16(n);
    this.quotedDestinationPort = column.uint16(n);
    this.quotedIpId = column.uint16(n);
    this.quotedSequence = column.uint32(n);
    this.tlsRecord = column.uint8(n);
    this.tlsHandshake = column.uint8(n);
    this.tlsAlertLevel = column.uint8(n);
    this.tlsAlert = column.uint8(n);
    this.dnsId = column.uint16(n);
    this.dnsFlags = column.uint16(n);
    this.dnsType = column.uint16(n);
    this.nameHigh = column.uint32(n);
    this.nameLow = column.uint32(n);
    this.httpKind = column.uint8(n);
    this.httpStatus = column.uint16(n);
    this.httpLength = column.uint32(n);
    this.httpHeadLength = column.uint16(n);
    this.marker = column.uint32(n);
  }
}
