/** Packets as values, before they are bytes. Devices on the path copy what they change. */

/** TCP flag bits in the order of RFC 9293, section 3.1. */
export const Flag = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16, urg: 32, ece: 64, cwr: 128 } as const;

export type Direction = 'toward-server' | 'toward-client';
export type Side = 'client' | 'server';

/** What a TCP segment carries in its options. */
export interface TcpOptions {
  mss?: number;
  windowScale?: number;
  sackPermitted?: boolean;
  /** TSval and TSecr. */
  timestamps?: readonly [number, number];
  /** SACK blocks, each left edge and right edge as on the wire. */
  sack?: readonly (readonly [number, number])[];
  /** Bytes of NOP that a device left where it removed an option. */
  blanks?: number;
}

export interface TcpSegment {
  readonly protocol: 'tcp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  /** Raw 32-bit numbers, as on the wire. */
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly window: number;
  readonly options: TcpOptions;
  readonly data: Uint8Array;
}

export interface UdpDatagram {
  readonly protocol: 'udp';
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly data: Uint8Array;
}

/** An ICMP or ICMPv6 error; the family of the packet around it says which. */
export interface IcmpError {
  readonly protocol: 'icmp';
  readonly type: number;
  readonly code: number;
  /** Second word of the header: the next-hop MTU where there is one. */
  readonly mtu: number;
  readonly quoted: Packet;
}

export type Transport = TcpSegment | UdpDatagram | IcmpError;

/** One IP packet. A textual address with a colon makes it IPv6. */
export interface Packet {
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly tos: number;
  /** IPv4 identification; unused in IPv6. */
  readonly id: number;
  readonly dontFragment: boolean;
  /** IPv6 flow label; unused in IPv4. */
  readonly flowLabel: number;
  readonly transport: Transport;
  /** This is a piece of a datagram that was cut; `transport` is that of the whole. IPv4 only. */
  readonly fragment?: Fragment;
  /** Wrong on purpose, or left to the network card as a sender's own tap sees it; absent: correct. */
  readonly checksum?: 'bad' | 'partial';
  /** Truth only, never on the wire: this ACK completes a handshake. */
  readonly completesHandshake?: boolean;
}

/** Which bytes of the whole datagram's IP payload a piece carries. */
export interface Fragment {
  readonly whole: Packet;
  readonly offset: number;
  readonly length: number;
  /** Another piece follows (MF). */
  readonly more: boolean;
}

/** Cuts a packet into pieces that fit an MTU; one that fits stays as it is. */
export function fragmentsOf(packet: Packet, mtu: number): Packet[] {
  const payload = ipLength(packet) - 20;
  // Offsets are in units of eight bytes (RFC 791).
  const most = Math.floor((mtu - 20) / 8) * 8;
  if (payload <= mtu - 20) return [packet];
  const pieces: Packet[] = [];
  for (let offset = 0; offset < payload; offset += most) {
    const length = Math.min(most, payload - offset);
    const more = offset + length < payload;
    pieces.push({ ...packet, dontFragment: false, fragment: { whole: packet, offset, length, more } });
  }
  return pieces;
}

export type TcpPacket = Packet & { readonly transport: TcpSegment };

export function isTcp(packet: Packet): packet is TcpPacket {
  return packet.transport.protocol === 'tcp';
}

/** A copy with other TCP fields. */
export function withTcp(packet: TcpPacket, changes: Partial<TcpSegment>): TcpPacket {
  return { ...packet, transport: { ...packet.transport, ...changes } };
}

/** Sequence space that a segment takes: its data and one each for SYN and FIN. */
export function sequenceLength(segment: TcpSegment): number {
  return (
    segment.data.length +
    ((segment.flags & Flag.syn) !== 0 ? 1 : 0) +
    ((segment.flags & Flag.fin) !== 0 ? 1 : 0)
  );
}

export function has(packet: Packet, flags: number): boolean {
  return packet.transport.protocol === 'tcp' && (packet.transport.flags & flags) === flags;
}

/** Length of the TCP options in bytes, laid out as Linux does: each group fills whole words. */
export function optionsLength(options: TcpOptions): number {
  let length = options.blanks ?? 0;
  if (options.mss !== undefined) length += 4;
  // SACK-permitted takes the place of the two NOPs that otherwise pad the time stamps.
  if (options.timestamps) length += 12;
  else if (options.sackPermitted) length += 4;
  if (options.windowScale !== undefined) length += 4;
  if (options.sack && options.sack.length > 0) length += 4 + 8 * options.sack.length;
  return length;
}

/** Total length of the IP packet in bytes. */
export function ipLength(packet: Packet): number {
  const header = packet.source.includes(':') ? 40 : 20;
  if (packet.fragment) return header + packet.fragment.length;
  const transport = packet.transport;
  switch (transport.protocol) {
    case 'tcp':
      return header + 20 + optionsLength(transport.options) + transport.data.length;
    case 'udp':
      return header + 8 + transport.data.length;
    case 'icmp':
      return header + 8 + quotedLength(transport);
  }
}

/** Routers quote the IP header and at least 8 bytes (RFC 792); Linux up to 576 in all. Here all headers of an IPv6 segment. */
const QUOTE_LIMIT = 84;

export function quotedLength(error: IcmpError): number {
  return Math.min(ipLength(error.quoted), QUOTE_LIMIT);
}
