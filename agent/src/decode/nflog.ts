import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { EtherType, type Next } from './next.js';

/** Packets that a netfilter rule logged (LINKTYPE_NFLOG): address family, version, group; then attributes. */
const HEADER = 4;
const VERSION = 1;
/** An attribute: its length with these four bytes, its type, both in the byte order of the host; padded to words. */
const ATTRIBUTE = 4;
const PAYLOAD = 9;
const TYPE_MASK = 0x7fff;
const AF_INET = 2;
const AF_INET6 = 10;

/** NFLOG, DLT 239, as x86 and ARM write it. */
export function decodeNflog(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < HEADER) return c.tooShort();
  c.layer = Layer.link;
  const family = view.getUint8(at);
  if (view.getUint8(at + VERSION) !== 0) return c.unsupported();
  c.at = at + HEADER;
  while (c.end - c.at >= ATTRIBUTE) {
    const length = view.getUint16(c.at, true);
    if (length < ATTRIBUTE) return c.malformed();
    if ((view.getUint16(c.at + 2, true) & TYPE_MASK) === PAYLOAD) {
      c.at += ATTRIBUTE;
      if (family === AF_INET) return EtherType.ipv4;
      return family === AF_INET6 ? EtherType.ipv6 : c.unsupported();
    }
    c.at += (length + 3) & ~3;
  }
  return c.tooShort();
}
