import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { macDigest } from './ethernet.js';
import type { Next } from './next.js';

/** Linux cooked capture: what libpcap writes for the `any` device (LINKTYPE_LINUX_SLL and _SLL2). */
const V1 = {
  packetType: 0,
  hardwareType: 2,
  addressLength: 4,
  address: 6,
  protocol: 14,
  header: 16,
} as const;
const V2 = {
  protocol: 0,
  ifindex: 4,
  hardwareType: 8,
  packetType: 10,
  addressLength: 11,
  address: 12,
  header: 20,
} as const;

const MAC_BYTES = 6;
/** ARPHRD_NETLINK (linux/if_arp.h): the protocol field is a netlink family there, not an EtherType. */
const ARPHRD_NETLINK = 824;

/** Version 1, DLT 113. */
export function decodeCooked(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < V1.header) return c.tooShort();
  c.layer = Layer.link;
  table.packetType[row] = view.getUint16(at + V1.packetType);
  if (view.getUint16(at + V1.addressLength) === MAC_BYTES) {
    table.sourceMac[row] = macDigest(c, at + V1.address);
  }
  c.at = at + V1.header;
  if (view.getUint16(at + V1.hardwareType) === ARPHRD_NETLINK) return c.unsupported();
  return view.getUint16(at + V1.protocol);
}

/** Version 2, DLT 276: with the interface index. */
export function decodeCooked2(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < V2.header) return c.tooShort();
  c.layer = Layer.link;
  table.ifindex[row] = view.getInt32(at + V2.ifindex);
  table.packetType[row] = view.getUint8(at + V2.packetType);
  if (view.getUint8(at + V2.addressLength) === MAC_BYTES) {
    table.sourceMac[row] = macDigest(c, at + V2.address);
  }
  c.at = at + V2.header;
  if (view.getUint16(at + V2.hardwareType) === ARPHRD_NETLINK) return c.unsupported();
  return view.getUint16(at + V2.protocol);
}
