import { addressBytes, encodeIp, fold, put16, put32, sum16 } from './encode.js';
import type { Packet } from './packets.js';

/**
 * What is captured around an IP packet. `vlan`: Ethernet with an 802.1Q tag; `cooked`: Linux cooked v2, as on `any`;
 * `gre` and `vxlan`: the outside of a tunnel, on Ethernet.
 */
export type LinkKind = 'ethernet' | 'vlan' | 'cooked' | 'raw' | 'gre' | 'vxlan';

/** Numbers of the tcpdump registry (LINKTYPE_…). */
export const LINK_TYPES: Readonly<Record<LinkKind, number>> = {
  ethernet: 1,
  vlan: 1,
  gre: 1,
  vxlan: 1,
  cooked: 276,
  raw: 101,
};

/** The link of one packet at a tap. Hardware addresses have six bytes. */
export interface Link {
  readonly kind: LinkKind;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly moves: 'in' | 'out';
}

const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
/** IEEE 802.1Q. */
const VLAN = { type: 0x8100, id: 112 } as const;
/** linux/if_packet.h and if_arp.h: what a cooked header says of an Ethernet interface. */
const COOKED = { length: 20, interface: 2, arphrdEther: 1, host: 0, outgoing: 4 } as const;
/** RFC 2784, and RFC 7348 with its UDP port. */
const GRE = { protocol: 47 } as const;
const VXLAN = { port: 4789, length: 8, validIdentifier: 0x08, identifier: 77 } as const;
/** The tunnel's own ends. */
const TUNNEL = { near: '192.168.255.1', far: '192.168.255.2', ttl: 60 } as const;

/** The bytes that a tap gets of a packet, with all checksums. */
export function encodeFrame(packet: Packet, link: Link): Uint8Array {
  const ip = encodeIp(packet);
  const type = packet.source.includes(':') ? ETHERTYPE.ipv6 : ETHERTYPE.ipv4;
  switch (link.kind) {
    case 'raw':
      return ip;
    case 'cooked':
      return joined(cookedHeader(link, type), ip);
    case 'ethernet':
      return joined(ethernetHeader(link, type), ip);
    case 'vlan':
      return joined(ethernetHeader(link, VLAN.type), two(VLAN.id), two(type), ip);
    case 'gre':
      return joined(ethernetHeader(link, ETHERTYPE.ipv4), inGre(ip, type, link));
    case 'vxlan':
      return joined(
        ethernetHeader(link, ETHERTYPE.ipv4),
        inVxlan(joined(ethernetHeader(link, type), ip), link),
      );
  }
}

function ethernetHeader({ source, destination }: Link, type: number): Uint8Array {
  return joined(destination, source, two(type));
}

function cookedHeader({ source, moves }: Link, type: number): Uint8Array {
  const header = new Uint8Array(COOKED.length);
  put16(header, 0, type);
  put32(header, 4, COOKED.interface);
  put16(header, 8, COOKED.arphrdEther);
  header[10] = moves === 'in' ? COOKED.host : COOKED.outgoing;
  header[11] = source.length;
  header.set(source, 12);
  return header;
}

function inGre(ip: Uint8Array, type: number, link: Link): Uint8Array {
  const body = joined(two(0), two(type), ip);
  const header = new Uint8Array(20);
  header[0] = 0x45;
  put16(header, 2, header.length + body.length);
  header[8] = TUNNEL.ttl;
  header[9] = GRE.protocol;
  const [from, to] = tunnelEnds(link);
  header.set(addressBytes(from), 12);
  header.set(addressBytes(to), 16);
  put16(header, 10, fold(sum16(header, 0, header.length, 0)));
  return joined(header, body);
}

function inVxlan(inner: Uint8Array, link: Link): Uint8Array {
  const header = new Uint8Array(VXLAN.length);
  header[0] = VXLAN.validIdentifier;
  header[6] = VXLAN.identifier;
  const [source, destination] = tunnelEnds(link);
  return encodeIp({
    source,
    destination,
    ttl: TUNNEL.ttl,
    tos: 0,
    id: 0,
    dontFragment: true,
    flowLabel: 0,
    // A source port made from the inner flow spreads load; its value is nobody's business.
    transport: {
      protocol: 'udp',
      sourcePort: 50_505,
      destinationPort: VXLAN.port,
      data: joined(header, inner),
    },
  });
}

function tunnelEnds({ moves }: Link): readonly [from: string, to: string] {
  return moves === 'out' ? [TUNNEL.near, TUNNEL.far] : [TUNNEL.far, TUNNEL.near];
}

function two(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 255);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
