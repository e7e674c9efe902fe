import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { EtherType, type Next } from './next.js';

/** Address and control bytes of HDLC-like framing (RFC 1662), left out on most links. */
const HDLC_PREFIX = 0xff03;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/** PPP, DLT 9, and what follows a PPPoE session header. */
export function decodePpp(c: Cursor): Next {
  const { view } = c;
  if (c.end - c.at < 4) return c.tooShort();
  c.layer = Layer.link;
  if (view.getUint16(c.at) === HDLC_PREFIX) c.at += 2;
  const protocol = view.getUint16(c.at);
  c.at += 2;
  if (protocol === PPP_IPV4) return EtherType.ipv4;
  return protocol === PPP_IPV6 ? EtherType.ipv6 : c.unsupported();
}

/** PPPoE session header (RFC 2516): version and type, code, session id, length. */
const PPPOE_HEADER = 6;

export function decodePppoe(c: Cursor): Next {
  if (c.end - c.at < PPPOE_HEADER) return c.tooShort();
  c.at += PPPOE_HEADER;
  return decodePpp(c);
}
