import { Layer, NO_VLAN } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import type { Next } from './next.js';

/** Byte offsets of an Ethernet II header. */
const DESTINATION = 0;
const SOURCE = 6;
const TYPE = 12;
const HEADER = 14;
/** Ethernet, outermost or inside a tunnel; the row keeps the addresses of the outermost frame. */
export function decodeEthernet(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < HEADER) return c.tooShort();
  c.layer = Layer.link;
  if (table.sourceMac[row] === 0) {
    table.destinationMac[row] = macDigest(c, at + DESTINATION);
    table.sourceMac[row] = macDigest(c, at + SOURCE);
  }
  c.at = at + HEADER;
  return view.getUint16(at + TYPE);
}

const TAG = 4;
const VID_MASK = 0x0fff;

/** One 802.1Q or 802.1ad tag after its EtherType; the outermost VLAN id is kept. */
export function decodeVlan(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < TAG) return c.tooShort();
  if (table.vlan[row] === NO_VLAN) table.vlan[row] = view.getUint16(at) & VID_MASK;
  c.at = at + TAG;
  return view.getUint16(at + 2);
}

/** Cisco's tag for the virtual ports of an adapter (later IEEE 802.1BR): four bytes and the type of what follows. */
const VN_TAG = 6;

export function decodeVnTag(c: Cursor): Next {
  if (c.end - c.at < VN_TAG) return c.tooShort();
  c.at += VN_TAG;
  return c.view.getUint16(c.at - 2);
}

/** Digest of the six-byte address at `at`. */
export function macDigest(c: Cursor, at: number): number {
  return c.digest.ofMac(c.view.getUint16(at), c.view.getUint32(at + 2));
}
