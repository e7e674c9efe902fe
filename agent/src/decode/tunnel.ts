import type { Cursor } from './cursor.js';
import { EtherType, type Next, STOP, Tunnel } from './next.js';

/** GRE (RFC 2784, 2890): flag bits of the first word; checksum, key and sequence number add a field each. */
const GRE_HEADER = 4;
const GRE_FIELD = 4;
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_VERSION_MASK = 0x0007;

export function decodeGre(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < GRE_HEADER) return c.tooShort();
  const flags = view.getUint16(at);
  // Version 1 is PPTP's; source routing is long dead.
  if ((flags & (GRE_VERSION_MASK | GRE_ROUTING)) !== 0) return c.unsupported();
  c.at = at + GRE_HEADER;
  if ((flags & GRE_CHECKSUM) !== 0) c.at += GRE_FIELD;
  if ((flags & GRE_KEY) !== 0) c.at += GRE_FIELD;
  if ((flags & GRE_SEQUENCE) !== 0) c.at += GRE_FIELD;
  if (c.at > c.end) return c.tooShort();
  c.enterTunnel(Tunnel.gre);
  return view.getUint16(at + 2);
}

/** VXLAN (RFC 7348): the flag that says that the network id is valid. */
const VXLAN_HEADER = 8;
const VXLAN_FLAGS = 0x08;

/** 4789 is IANA's, 8472 what Linux used before and flannel still does. */
export function isVxlanPort(port: number): boolean {
  return port === 4789 || port === 8472;
}

/** After the UDP header; STOP where it is no VXLAN, and the datagram is then like any other. */
export function decodeVxlan(c: Cursor): Next {
  if (c.end - c.at < VXLAN_HEADER || c.view.getUint8(c.at) !== VXLAN_FLAGS) return STOP;
  c.at += VXLAN_HEADER;
  c.enterTunnel(Tunnel.vxlan);
  return EtherType.bridged;
}

/** Geneve (RFC 8926): version and option length in words of four, flags, protocol type, network id. */
const GENEVE_HEADER = 8;

export function isGenevePort(port: number): boolean {
  return port === 6081;
}

/** After the UDP header; STOP where it is no Geneve of version 0. */
export function decodeGeneve(c: Cursor): Next {
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
