import type { Cursor } from './cursor.js';
import { EtherType, type Next, Tunnel } from './next.js';

/** One label stack entry (RFC 3032): label, traffic class, bottom of stack, time to live. */
const ENTRY = 4;
const BOTTOM = 0x100;
/** Control word of a pseudowire (RFC 4385). */
const CONTROL_WORD = 4;
/** Where an Ethernet header has its type. */
const TYPE = 12;
const ETHERNET_HEADER = 14;

/**
 * A label stack. Nothing in it says what follows: by the first nibble it is IPv4 or IPv6 (RFC 4928), else a pseudowire
 * that carries Ethernet (RFC 4448), with a control word in front or without, whichever makes sense.
 */
export function decodeMpls(c: Cursor): Next {
  const { view } = c;
  let bottom = false;
  while (!bottom) {
    if (c.end - c.at < ENTRY) return c.tooShort();
    bottom = (view.getUint32(c.at) & BOTTOM) !== 0;
    c.at += ENTRY;
  }
  if (c.end - c.at < CONTROL_WORD + ETHERNET_HEADER) return c.tooShort();
  const nibble = view.getUint8(c.at) >>> 4;
  if (nibble === 4) return EtherType.ipv4;
  if (nibble === 6) return EtherType.ipv6;
  if (!isEthernet(c, c.at)) {
    if (nibble !== 0 || !isEthernet(c, c.at + CONTROL_WORD)) return c.unsupported();
    c.at += CONTROL_WORD;
  }
  c.enterTunnel(Tunnel.mpls);
  return EtherType.bridged;
}

/** Whether an Ethernet header at `at` would have a type that leads on to IP. */
function isEthernet({ view }: Cursor, at: number): boolean {
  switch (view.getUint16(at + TYPE)) {
    case EtherType.ipv4:
    case EtherType.ipv6:
    case EtherType.vlan:
    case EtherType.serviceVlan:
      return true;
    default:
      return false;
  }
}
