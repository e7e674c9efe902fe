import { IpFlag, Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { IP_PROTOCOL, type Next, STOP } from './next.js';
import { opaquePayload } from './payload.js';

/** Byte offsets of an IPv6 header (RFC 8200). */
const PAYLOAD_LENGTH = 4;
const NEXT_HEADER = 6;
const HOP_LIMIT = 7;
const SOURCE = 8;
const DESTINATION = 24;
const HEADER = 40;
const FLOW_LABEL_MASK = 0xfffff;

/** Extension headers, by protocol number. */
const HOP_BY_HOP = 0;
const ROUTING = 43;
const FRAGMENT = 44;
const AUTHENTICATION = 51;
const NO_NEXT_HEADER = 59;
const DESTINATION_OPTIONS = 60;
const MOBILITY = 135;
/** Every extension header has at least this many bytes. */
const EXTENSION = 8;

/** An IPv6 header and its extension headers. */
export function decodeIpv6(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < HEADER) return c.tooShort();
  const first = view.getUint32(at);
  if (first >>> 28 !== 6) return c.malformed();
  // Length 0 is a jumbogram or an offloaded super-packet: the wire length is the truth then.
  const payload = view.getUint16(at + PAYLOAD_LENGTH);
  const length = payload === 0 ? c.wireEnd - at : HEADER + payload;
  table.ipVersion[row] = 6;
  table.ipLength[row] = length;
  table.ttl[row] = view.getUint8(at + HOP_LIMIT);
  table.tos[row] = (first >>> 20) & 0xff;
  table.ipId[row] = 0;
  table.ipFlags[row] = 0;
  table.fragmentOffset[row] = 0;
  table.flowLabel[row] = first & FLOW_LABEL_MASK;
  const word = row << 2;
  for (let i = 0; i < 4; i++) {
    table.source[word + i] = view.getUint32(at + SOURCE + i * 4);
    table.destination[word + i] = view.getUint32(at + DESTINATION + i * 4);
  }
  c.layer = Layer.network;
  c.endAt(at + length);
  c.at = at + HEADER;
  const protocol = view.getUint8(at + NEXT_HEADER);
  table.protocol[row] = protocol;
  return isExtension(protocol) ? walkExtensions(c, protocol) : IP_PROTOCOL + protocol;
}

/** Walks the chain of extension headers to the upper-layer protocol; each step moves at least eight bytes on. */
function walkExtensions(c: Cursor, firstHeader: number): Next {
  const { view, table, row } = c;
  let header = firstHeader;
  while (isExtension(header)) {
    if (header === NO_NEXT_HEADER) return STOP;
    if (c.end - c.at < EXTENSION) return c.tooShort();
    const next = view.getUint8(c.at);
    table.protocol[row] = next;
    if (header === FRAGMENT) {
      readFragment(c);
      c.at += EXTENSION;
      if (table.fragmentOffset[row] !== 0) return opaquePayload(c);
    } else {
      c.at += extensionLength(header, view.getUint8(c.at + 1));
    }
    if (c.at > c.end) return c.tooShort();
    header = next;
  }
  return IP_PROTOCOL + header;
}

function readFragment(c: Cursor): void {
  const { view, table, row, at } = c;
  const word = view.getUint16(at + 2);
  table.fragmentOffset[row] = word & 0xfff8;
  table.ipId[row] = view.getUint32(at + 4);
  const more = (word & 1) !== 0;
  // An atomic fragment (RFC 6946: offset 0, nothing more) is a whole packet.
  if (word >= EXTENSION || more)
    table.ipFlags[row] = more ? IpFlag.fragment | IpFlag.moreFragments : IpFlag.fragment;
}

/** Bytes of an extension header; the authentication header alone counts in words of four, less two. */
export function extensionLength(header: number, lengthField: number): number {
  return header === AUTHENTICATION ? (lengthField + 2) << 2 : (lengthField + 1) << 3;
}

export function isExtension(header: number): boolean {
  switch (header) {
    case HOP_BY_HOP:
    case ROUTING:
    case FRAGMENT:
    case AUTHENTICATION:
    case NO_NEXT_HEADER:
    case DESTINATION_OPTIONS:
    case MOBILITY:
      return true;
    default:
      return false;
  }
}
