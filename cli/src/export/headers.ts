import { IpFlag, Layer, type PacketTable, TcpOption } from '@bothends/proto';

/** No rebuilt packet is longer: two IPv6 headers, an extension each, and a full TCP header. */
export const MAX_HEADERS = 256;

const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
const IPV6_EXTENSION = 8;
const TCP_HEADER = 20;
const TCP_MAX_HEADER = 60;
const UDP_HEADER = 8;
const ICMP_HEADER = 8;
/** What an ICMP error quotes of the transport header at least (RFC 792), and all that a table row keeps of it. */
const QUOTED_TRANSPORT = 8;

const Protocol = { icmp: 1, tcp: 6, udp: 17, fragment: 44, icmp6: 58 } as const;
/** Option kinds of TCP (IANA). */
const Kind = { nop: 1, mss: 2, windowScale: 3, sackPermitted: 4, sack: 5, timestamps: 8 } as const;
/** Largest length that an IPv4 header can state; offloaded super-packets state 0 (BIG TCP). */
const MAX_LENGTH = 0xffff;
/** Third word of an IPv4-mapped address. */
const MAPPED = 0xffff;

/** Flags and fragment offset of IPv4 (RFC 791). */
const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;

/**
 * Writes the headers of a row, from IP on, into `out` (at least MAX_HEADERS bytes) as the table has them; returns their
 * length in bytes, 0 for a packet that is not IP. Fields that the table does not keep are 0: checksums of the transport,
 * and most of what an ICMP error quotes. Options of which only the presence is known are filled with NOP.
 */
export function rebuildHeaders(table: PacketTable, row: number, out: Buffer): number {
  const version = table.ipVersion[row];
  if (version !== 4 && version !== 6) return 0;
  out.fill(0);
  const ip = version === 4 ? IPV4_HEADER : ipv6HeaderLength(table, row);
  const transport = table.layer[row] === Layer.transport ? writeTransport(table, row, out.subarray(ip)) : 0;
  if (version === 4) writeIpv4(table, row, out);
  else writeIpv6(table, row, out);
  return Math.min(ip + transport, table.ipLength[row] as number);
}

function writeIpv4(table: PacketTable, row: number, out: Buffer): void {
  const length = table.ipLength[row] as number;
  const flags = table.ipFlags[row] as number;
  const fragment =
    (flags & IpFlag.dontFragment ? DONT_FRAGMENT : 0) |
    (flags & IpFlag.moreFragments ? MORE_FRAGMENTS : 0) |
    ((table.fragmentOffset[row] as number) >> 3);
  out.writeUInt8(0x45, 0);
  out.writeUInt8(table.tos[row] as number, 1);
  out.writeUInt16BE(length > MAX_LENGTH ? 0 : length, 2);
  out.writeUInt16BE((table.ipId[row] as number) & 0xffff, 4);
  out.writeUInt16BE(fragment, 6);
  out.writeUInt8(table.ttl[row] as number, 8);
  out.writeUInt8(table.protocol[row] as number, 9);
  out.writeUInt32BE(table.source[row * 4 + 3] as number, 12);
  out.writeUInt32BE(table.destination[row * 4 + 3] as number, 16);
  out.writeUInt16BE(internetChecksum(out.subarray(0, IPV4_HEADER)), 10);
}

/** One's complement of the one's complement sum (RFC 1071); the field itself must be 0. */
function internetChecksum(header: Buffer): number {
  let sum = 0;
  for (let i = 0; i < header.length; i += 2) sum += header.readUInt16BE(i);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
}

/** Of the extension headers a row keeps the fragment header only. */
function ipv6HeaderLength(table: PacketTable, row: number): number {
  return isFragment(table, row) ? IPV6_HEADER + IPV6_EXTENSION : IPV6_HEADER;
}

function isFragment(table: PacketTable, row: number): boolean {
  return ((table.ipFlags[row] as number) & IpFlag.fragment) !== 0;
}

function writeIpv6(table: PacketTable, row: number, out: Buffer): void {
  const payload = (table.ipLength[row] as number) - IPV6_HEADER;
  const protocol = table.protocol[row] as number;
  out.writeUInt32BE(
    ((6 << 28) | ((table.tos[row] as number) << 20) | (table.flowLabel[row] as number)) >>> 0,
    0,
  );
  // A jumbogram states 0.
  out.writeUInt16BE(payload > MAX_LENGTH ? 0 : Math.max(payload, 0), 4);
  out.writeUInt8(isFragment(table, row) ? Protocol.fragment : protocol, 6);
  out.writeUInt8(table.ttl[row] as number, 7);
  writeAddress(table.source, row, out, 8);
  writeAddress(table.destination, row, out, 24);
  if (!isFragment(table, row)) return;
  const more = (table.ipFlags[row] as number) & IpFlag.moreFragments ? 1 : 0;
  out.writeUInt8(protocol, IPV6_HEADER);
  out.writeUInt16BE((table.fragmentOffset[row] as number) | more, IPV6_HEADER + 2);
  out.writeUInt32BE(table.ipId[row] as number, IPV6_HEADER + 4);
}

function writeAddress(words: Uint32Array, row: number, out: Buffer, at: number): void {
  for (let i = 0; i < 4; i++) out.writeUInt32BE(words[row * 4 + i] as number, at + i * 4);
}

/** Returns the length in bytes; 0 for a protocol that the table knows nothing of. */
function writeTransport(table: PacketTable, row: number, out: Buffer): number {
  switch (table.protocol[row]) {
    case Protocol.tcp:
      return writeTcp(table, row, out);
    case Protocol.udp:
      out.writeUInt16BE(table.sourcePort[row] as number, 0);
      out.writeUInt16BE(table.destinationPort[row] as number, 2);
      out.writeUInt16BE(Math.min(UDP_HEADER + (table.payloadLength[row] as number), MAX_LENGTH), 4);
      return UDP_HEADER;
    case Protocol.icmp:
    case Protocol.icmp6:
      return writeIcmp(table, row, out);
    default:
      return 0;
  }
}

function writeTcp(table: PacketTable, row: number, out: Buffer): number {
  const end = writeTcpOptions(table, row, out);
  const length = tcpHeaderLength(table, row, end);
  out.fill(Kind.nop, end, length);
  out.writeUInt16BE(table.sourcePort[row] as number, 0);
  out.writeUInt16BE(table.destinationPort[row] as number, 2);
  out.writeUInt32BE(table.sequence[row] as number, 4);
  out.writeUInt32BE(table.acknowledgment[row] as number, 8);
  out.writeUInt16BE(((length >> 2) << 12) | (table.tcpFlags[row] as number), 12);
  out.writeUInt16BE(table.window[row] as number, 14);
  out.writeUInt16BE(table.urgent[row] as number, 18);
  return length;
}

/** What the lengths of packet and payload leave for the header: options of unknown content count too. */
function tcpHeaderLength(table: PacketTable, row: number, end: number): number {
  const ip = table.ipVersion[row] === 4 ? IPV4_HEADER : ipv6HeaderLength(table, row);
  const left = (table.ipLength[row] as number) - ip - (table.payloadLength[row] as number);
  const least = (end + 3) & ~3;
  return Math.min(Math.max(left & ~3, least), TCP_MAX_HEADER);
}

/** Options in the order that Linux writes them; returns where they end, counted from the header's start. */
function writeTcpOptions(table: PacketTable, row: number, out: Buffer): number {
  const has = table.tcpOptions[row] as number;
  let at = TCP_HEADER;
  const begin = (kind: number, length: number) => {
    out.writeUInt8(kind, at);
    out.writeUInt8(length, at + 1);
    at += length;
  };
  if (has & TcpOption.mss) {
    out.writeUInt16BE(table.mss[row] as number, at + 2);
    begin(Kind.mss, 4);
  }
  if (has & TcpOption.sackPermitted) begin(Kind.sackPermitted, 2);
  if (has & TcpOption.timestamps) {
    out.writeUInt32BE(table.timestampValue[row] as number, at + 2);
    out.writeUInt32BE(table.timestampEcho[row] as number, at + 6);
    begin(Kind.timestamps, 10);
  }
  if (has & TcpOption.windowScale) {
    out.writeUInt8(table.wscale[row] as number, at + 2);
    begin(Kind.windowScale, 3);
  }
  const blocks = table.sackCount[row] as number;
  if (blocks > 0 && at + 2 + blocks * 8 <= TCP_MAX_HEADER) {
    for (let i = 0; i < blocks * 2; i++) out.writeUInt32BE(table.sack[row * 8 + i] as number, at + 2 + i * 4);
    begin(Kind.sack, 2 + blocks * 8);
  }
  return at;
}

function writeIcmp(table: PacketTable, row: number, out: Buffer): number {
  const type = table.icmpType[row] as number;
  out.writeUInt8(type, 0);
  out.writeUInt8(table.icmpCode[row] as number, 1);
  if (isEcho(table.protocol[row] as number, type)) {
    out.writeUInt16BE(table.sourcePort[row] as number, 4);
    out.writeUInt16BE((table.sequence[row] as number) & 0xffff, 6);
  } else {
    // Of ICMP the lower half of this word (RFC 1191), of ICMPv6 the whole word (RFC 4443).
    out.writeUInt32BE(table.icmpMtu[row] as number, 4);
  }
  if (table.quotedProtocol[row] === 0) return ICMP_HEADER;
  return ICMP_HEADER + writeQuote(table, row, out.subarray(ICMP_HEADER));
}

function isEcho(protocol: number, type: number): boolean {
  return protocol === Protocol.icmp ? type === 0 || type === 8 : type === 128 || type === 129;
}

function writeQuote(table: PacketTable, row: number, out: Buffer): number {
  const { quotedSource, quotedDestination } = table;
  const protocol = table.quotedProtocol[row] as number;
  const words = quotedSource.subarray(row * 4, row * 4 + 4);
  const v4 = words[0] === 0 && words[1] === 0 && words[2] === MAPPED;
  const ip = v4 ? IPV4_HEADER : IPV6_HEADER;
  if (v4) {
    out.writeUInt8(0x45, 0);
    out.writeUInt16BE(IPV4_HEADER + QUOTED_TRANSPORT, 2);
    out.writeUInt16BE(table.quotedIpId[row] as number, 4);
    out.writeUInt8(protocol, 9);
    out.writeUInt32BE(words[3] as number, 12);
    out.writeUInt32BE(quotedDestination[row * 4 + 3] as number, 16);
    out.writeUInt16BE(internetChecksum(out.subarray(0, IPV4_HEADER)), 10);
  } else {
    out.writeUInt8(6 << 4, 0);
    out.writeUInt16BE(QUOTED_TRANSPORT, 4);
    out.writeUInt8(protocol, 6);
    writeAddress(quotedSource, row, out, 8);
    writeAddress(quotedDestination, row, out, 24);
  }
  out.writeUInt16BE(table.quotedSourcePort[row] as number, ip);
  out.writeUInt16BE(table.quotedDestinationPort[row] as number, ip + 2);
  if (protocol === Protocol.tcp) out.writeUInt32BE(table.quotedSequence[row] as number, ip + 4);
  return ip + QUOTED_TRANSPORT;
}
