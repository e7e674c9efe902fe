import {
  type Fragment,
  type IcmpError,
  ipLength,
  optionsLength,
  type Packet,
  quotedLength,
  type TcpOptions,
  type TcpSegment,
  type UdpDatagram,
} from './packets.js';

/** IANA protocol numbers. */
const PROTOCOL = { tcp: 6, udp: 17, icmp: 1, icmp6: 58 } as const;

/** The IP packet alone. */
export function encodeIp(packet: Packet): Uint8Array {
  const out = new Uint8Array(ipLength(packet));
  if (packet.fragment) return encodeFragment(packet, packet.fragment, out);
  const headerLength = packet.source.includes(':') ? encodeIpv6(packet, out) : encodeIpv4(packet, out);
  encodeTransport(packet, out.subarray(headerLength));
  const at = checksumOffset(packet);
  put16(out, headerLength + at, transportChecksum(packet, out, headerLength));
  return out;
}

/** A header of its own, and the bytes that it carries of the datagram that was cut. */
function encodeFragment(packet: Packet, { whole, offset, length }: Fragment, out: Uint8Array): Uint8Array {
  const header = encodeIpv4(packet, out);
  out.set(encodeIp(whole).subarray(header + offset, header + offset + length), header);
  return out;
}

/** DF, or MF and the offset in units of eight bytes (RFC 791, 3.1). */
function fragmentField({ dontFragment, fragment }: Packet): number {
  if (!fragment) return dontFragment ? 0x4000 : 0;
  return (fragment.more ? 0x2000 : 0) | (fragment.offset >> 3);
}

function encodeIpv4(packet: Packet, out: Uint8Array): number {
  out[0] = 0x45;
  out[1] = packet.tos;
  // A super-packet of 64 KiB and more has length 0 in its header, as the kernel writes it.
  put16(out, 2, out.length > 0xffff ? 0 : out.length);
  put16(out, 4, packet.id);
  put16(out, 6, fragmentField(packet));
  out[8] = packet.ttl;
  out[9] = PROTOCOL[packet.transport.protocol];
  out.set(addressBytes(packet.source), 12);
  out.set(addressBytes(packet.destination), 16);
  put16(out, 10, fold(sum16(out, 0, 20, 0)));
  return 20;
}

function encodeIpv6(packet: Packet, out: Uint8Array): number {
  out[0] = 0x60 | (packet.tos >> 4);
  out[1] = ((packet.tos & 15) << 4) | ((packet.flowLabel >> 16) & 15);
  put16(out, 2, packet.flowLabel & 0xffff);
  put16(out, 4, out.length - 40);
  out[6] = packet.transport.protocol === 'icmp' ? PROTOCOL.icmp6 : PROTOCOL[packet.transport.protocol];
  out[7] = packet.ttl;
  out.set(addressBytes(packet.source), 8);
  out.set(addressBytes(packet.destination), 24);
  return 40;
}

function encodeTransport(packet: Packet, out: Uint8Array): void {
  switch (packet.transport.protocol) {
    case 'tcp':
      encodeTcp(packet.transport, out);
      break;
    case 'udp':
      encodeUdp(packet.transport, out);
      break;
    case 'icmp':
      encodeIcmp(packet.transport, out);
  }
}

function encodeTcp(segment: TcpSegment, out: Uint8Array): void {
  const header = 20 + optionsLength(segment.options);
  put16(out, 0, segment.sourcePort);
  put16(out, 2, segment.destinationPort);
  put32(out, 4, segment.sequence);
  put32(out, 8, segment.acknowledgment);
  out[12] = (header / 4) << 4;
  out[13] = segment.flags;
  put16(out, 14, segment.window);
  encodeOptions(segment.options, out.subarray(20, header));
  out.set(segment.data, header);
}

/** Option kinds and lengths (IANA TCP parameters). */
const OPTION = {
  nop: 1,
  mss: [2, 4],
  scale: [3, 3],
  sackPermitted: [4, 2],
  sack: 5,
  timestamps: [8, 10],
} as const;

/** Options in the order and with the padding of Linux; what is left over is NOP. */
function encodeOptions(options: TcpOptions, out: Uint8Array): void {
  out.fill(OPTION.nop);
  let at = 0;
  const put = (...bytes: number[]) => {
    out.set(bytes, at);
    at += bytes.length;
  };
  const putWord = (word: number) => put(word >>> 24, (word >>> 16) & 255, (word >>> 8) & 255, word & 255);
  if (options.mss !== undefined) put(...OPTION.mss, options.mss >> 8, options.mss & 255);
  if (options.sackPermitted && !options.timestamps) at += 2;
  if (options.sackPermitted) put(...OPTION.sackPermitted);
  if (options.timestamps) {
    if (!options.sackPermitted) at += 2;
    put(...OPTION.timestamps);
    options.timestamps.forEach(putWord);
  }
  if (options.windowScale !== undefined) put(OPTION.nop, ...OPTION.scale, options.windowScale);
  if (!options.sack || options.sack.length === 0) return;
  put(OPTION.nop, OPTION.nop, OPTION.sack, 2 + 8 * options.sack.length);
  options.sack.flat().forEach(putWord);
}

function encodeUdp(datagram: UdpDatagram, out: Uint8Array): void {
  put16(out, 0, datagram.sourcePort);
  put16(out, 2, datagram.destinationPort);
  put16(out, 4, out.length);
  out.set(datagram.data, 8);
}

function encodeIcmp(error: IcmpError, out: Uint8Array): void {
  out[0] = error.type;
  out[1] = error.code;
  put32(out, 4, error.mtu);
  out.set(encodeIp(error.quoted).subarray(0, quotedLength(error)), 8);
}

function checksumOffset(packet: Packet): number {
  const { protocol } = packet.transport;
  return protocol === 'tcp' ? 16 : protocol === 'udp' ? 6 : 2;
}

/** Checksum of everything after the IP header, with the pseudo-header where the protocol has one. */
function transportChecksum(packet: Packet, ip: Uint8Array, headerLength: number): number {
  const pseudo = pseudoHeaderSum(packet, ip, headerLength);
  // With offload the kernel leaves the folded pseudo-header sum for the card to complete.
  if (packet.checksum === 'partial') return ~fold(pseudo) & 0xffff;
  const sum = fold(sum16(ip, headerLength, ip.length, pseudo));
  if (packet.checksum === 'bad') return sum ^ 0x5555;
  // UDP sends 0 as 0xffff, because 0 means "no checksum" (RFC 768).
  return sum === 0 && packet.transport.protocol === 'udp' ? 0xffff : sum;
}

function pseudoHeaderSum(packet: Packet, ip: Uint8Array, headerLength: number): number {
  const v6 = packet.source.includes(':');
  if (!v6 && packet.transport.protocol === 'icmp') return 0;
  const size = v6 ? 16 : 4;
  const addresses = sum16(
    addressBytes(packet.source),
    0,
    size,
    sum16(addressBytes(packet.destination), 0, size, 0),
  );
  return addresses + (v6 ? ip[6] : ip[9]) + ip.length - headerLength;
}

export function sum16(bytes: Uint8Array, from: number, to: number, start: number): number {
  let sum = start;
  let at = from;
  for (; at + 1 < to; at += 2) sum += (bytes[at] << 8) | bytes[at + 1];
  return at < to ? sum + (bytes[at] << 8) : sum;
}

export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

const parsed = new Map<string, Uint8Array>();

/** Network-order bytes of a textual address, 4 or 16. */
export function addressBytes(text: string): Uint8Array {
  let bytes = parsed.get(text);
  if (!bytes) {
    bytes = text.includes(':') ? parseIpv6(text) : Uint8Array.from(text.split('.'), Number);
    parsed.set(text, bytes);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array {
  const [head, tail] = text.split('::').map((part) => (part === '' ? [] : part.split(':')));
  const zeros = Array.from({ length: tail ? 8 - head.length - tail.length : 0 }, () => '0');
  const groups = [...head, ...zeros, ...(tail ?? [])].map((group) => Number.parseInt(group, 16));
  return Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255]));
}

export function put16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >> 8;
  out[at + 1] = value;
}

export function put32(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 24;
  out[at + 1] = value >>> 16;
  out[at + 2] = value >>> 8;
  out[at + 3] = value;
}
