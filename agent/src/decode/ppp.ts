import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { EtherType, type Next } from './next.js';

/** Address and control bytes of HDLC-like framing (RFC 1662), left out on most links. */
const HDLC_PREFIX = 0xff03;
/** Protocol numbers (RFC 1661): of those below 256 the high byte, zero, may be left out. */
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;

/** PPP, DLT 9, and what follows a PPPoE session header. */
export function decodePpp(c: Cursor): Next {
  const { view } = c;
  if (c.end - c.at < 4) return c.tooShort();
  c.layer = Layer.link;
  if (view.getUint16(c.at) === HDLC_PREFIX) c.at += 2;
  // The last byte of a protocol number is odd, those before it are even.
  const short = (view.getUint8(c.at) & 1) !== 0;
  const protocol = short ? view.getUint8(c.at) : view.getUint16(c.at);
  c.at += short ? 1 : 2;
  if (protocol === PPP_IPV4) return EtherType.ipv4;
  if (protocol === PPP_MPLS) return EtherType.mpls;
  return protocol === PPP_IPV6 ? EtherType.ipv6 : c.unsupported();
}

/** Cisco's framing of serial lines: address, control, and an EtherType. */
const CISCO_HEADER = 4;
const CISCO_UNICAST = 0x0f;
const CISCO_MULTICAST = 0x8f;

/** Cisco HDLC, DLT 104. */
export function decodeCiscoHdlc(c: Cursor): Next {
  if (c.end - c.at < CISCO_HEADER) return c.tooShort();
  c.layer = Layer.link;
  c.at += CISCO_HEADER;
  return c.view.getUint16(c.at - 2);
}

/** PPP on a serial line, DLT 50: with HDLC's address and control bytes, or Cisco's. */
export function decodePppHdlc(c: Cursor): Next {
  if (c.end - c.at < CISCO_HEADER) return c.tooShort();
  const address = c.view.getUint8(c.at);
  return address === CISCO_UNICAST || address === CISCO_MULTICAST ? decodeCiscoHdlc(c) : decodePpp(c);
}

/** PPPoE session header (RFC 2516): version and type, code (0 for data), session id, length. */
const PPPOE_HEADER = 6;
const PPPOE_CODE = 1;

/** After its EtherType, and DLT 51. */
export function decodePppoe(c: Cursor): Next {
  if (c.end - c.at < PPPOE_HEADER) return c.tooShort();
  c.layer = Layer.link;
  if (c.view.getUint8(c.at + PPPOE_CODE) !== 0) return c.unsupported();
  c.at += PPPOE_HEADER;
  return decodePpp(c);
}
