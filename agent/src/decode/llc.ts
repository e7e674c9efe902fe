import type { Cursor } from './cursor.js';
import { EtherType, type Next } from './next.js';

/** Below this a type field is a length (IEEE 802.3). */
export const FIRST_ETHERTYPE = 0x0600;

/** IEEE 802.2: destination and source service access point, control. */
const LLC_HEADER = 3;
const SNAP = 0xaaaa;
const SAP_IP = 0x0606;
const UNNUMBERED_INFORMATION = 0x03;
/** Organisation code and type (IEEE 802, RFC 1042). */
const SNAP_HEADER = 5;
/** Organisations whose types are EtherTypes: RFC 1042's, and that of frames bridged from Ethernet (802.1H). */
const ENCAPSULATED_ETHERNET = 0x000000;
const BRIDGE_TUNNEL = 0x0000f8;

/** LLC, and SNAP within it, where IP is inside. */
export function decodeLlc(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < LLC_HEADER) return c.tooShort();
  if (view.getUint8(at + 2) !== UNNUMBERED_INFORMATION) return c.unsupported();
  c.at = at + LLC_HEADER;
  const points = view.getUint16(at);
  if (points === SAP_IP) return EtherType.ipv4;
  if (points !== SNAP) return c.unsupported();
  if (c.end - c.at < SNAP_HEADER) return c.tooShort();
  const organisation = view.getUint32(at + 2) & 0xffffff;
  c.at += SNAP_HEADER;
  const known = organisation === ENCAPSULATED_ETHERNET || organisation === BRIDGE_TUNNEL;
  const type = view.getUint16(c.at - 2);
  return known && type >= FIRST_ETHERTYPE ? type : c.unsupported();
}
