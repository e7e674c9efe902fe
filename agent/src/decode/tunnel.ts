import type { Cursor } from './cursor.js';
import { EtherType, type Next, STOP, Tunnel } from './next.js';

/** UDP destination ports of tunnels. 8472 is what Linux used for VXLAN before 4789 was IANA's, and flannel still does. */
const PORT = { gtp: 2152, vxlan: 4789, vxlanGpe: 4790, geneve: 6081, mpls: 6635, oldVxlan: 8472 } as const;

/** A tunnel after its UDP header; STOP where there is none, and the datagram is then like any other. */
export function decodeUdpTunnel(c: Cursor, destinationPort: number): Next {
  switch (destinationPort) {
    case PORT.vxlan:
    case PORT.oldVxlan:
      return decodeVxlan(c);
    case PORT.vxlanGpe:
      return decodeVxlanGpe(c);
    case PORT.geneve:
      return decodeGeneve(c);
    case PORT.gtp:
      return decodeGtp(c);
    case PORT.mpls:
      return decodeMplsInIp(c);
    default:
      return STOP;
  }
}

/**
 * VXLAN (RFC 7348): the flag that says that the network id is valid; those of the group policy extension may stand
 * beside it.
 */
const VXLAN_HEADER = 8;
const VXLAN_VALID = 0x08;
const VXLAN_GROUP_POLICY = 0x80;

function decodeVxlan(c: Cursor): Next {
  if (c.end - c.at < VXLAN_HEADER) return STOP;
  if ((c.view.getUint8(c.at) & ~VXLAN_GROUP_POLICY) !== VXLAN_VALID) return STOP;
  c.at += VXLAN_HEADER;
  c.enterTunnel(Tunnel.vxlan);
  return EtherType.bridged;
}

/** VXLAN with another protocol inside (generic protocol extension): where a flag says so, the fourth byte names it. */
const GPE_NEXT = 3;
const GPE_VERSION_MASK = 0x30;
const GPE_NAMED = 0x04;
const GPE_PROTOCOLS: readonly Next[] = [STOP, EtherType.ipv4, EtherType.ipv6, EtherType.bridged];

function decodeVxlanGpe(c: Cursor): Next {
  if (c.end - c.at < VXLAN_HEADER) return STOP;
  const flags = c.view.getUint8(c.at);
  if ((flags & VXLAN_VALID) === 0 || (flags & GPE_VERSION_MASK) !== 0) return STOP;
  const named = (flags & GPE_NAMED) !== 0;
  const next = named ? (GPE_PROTOCOLS[c.view.getUint8(c.at + GPE_NEXT)] ?? STOP) : EtherType.bridged;
  if (next === STOP) return STOP;
  c.at += VXLAN_HEADER;
  c.enterTunnel(Tunnel.vxlan);
  return next;
}

/** GTP-U (3GPP TS 29.281): version and flags, message type, length, tunnel id. */
const GTP_HEADER = 8;
/** Version 1, GTP and not GTP'. */
const GTP_KIND_MASK = 0xf0;
const GTP_USER = 0x30;
/** Sequence number, N-PDU number or extension: any of them makes the header four bytes longer. */
const GTP_OPTIONS = 0x07;
const GTP_EXTENSION = 0x04;
const GTP_PACKET = 255;

function decodeGtp(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < GTP_HEADER) return STOP;
  const flags = view.getUint8(at);
  if ((flags & GTP_KIND_MASK) !== GTP_USER || view.getUint8(at + 1) !== GTP_PACKET) return STOP;
  let inner = at + GTP_HEADER + ((flags & GTP_OPTIONS) !== 0 ? 4 : 0);
  // Each extension has its length in words of four first and the type of the next one, 0 for none, last.
  let extended = (flags & GTP_EXTENSION) !== 0;
  while (extended && inner < c.end && view.getUint8(inner - 1) !== 0) {
    const words = view.getUint8(inner);
    extended = words > 0;
    inner += words << 2;
  }
  if (inner >= c.end) return STOP;
  const version = view.getUint8(inner) >>> 4;
  if (version !== 4 && version !== 6) return STOP;
  c.at = inner;
  c.enterTunnel(Tunnel.gtp);
  return version === 4 ? EtherType.ipv4 : EtherType.ipv6;
}

/** Geneve (RFC 8926): version and option length in words of four, flags, protocol type, network id. */
const GENEVE_HEADER = 8;

function decodeGeneve(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < GENEVE_HEADER) return STOP;
  const first = view.getUint8(at);
  const inner = at + GENEVE_HEADER + ((first & 0x3f) << 2);
  if (first >>> 6 !== 0 || inner > c.end) return STOP;
  c.at = inner;
  c.enterTunnel(Tunnel.geneve);
  return view.getUint16(at + 2);
}

/** An IP packet directly inside an IP packet. */
export function decodeIpInIp(c: Cursor, kind: number): Next {
  c.enterTunnel(kind);
  return kind === Tunnel.ipip ? EtherType.ipv4 : EtherType.ipv6;
}

/** A label stack directly inside an IP packet (RFC 4023). */
export function decodeMplsInIp(c: Cursor): Next {
  c.enterTunnel(Tunnel.mpls);
  return EtherType.mpls;
}
