import { Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { EtherType, type Next } from './next.js';

const HEADER = 4;
/** Address families above this do not exist: a larger number was written in the other byte order. */
const LARGEST_FAMILY = 0xffff;
const AF_INET = 2;
/** AF_INET6 is 10 on Linux, 24 on NetBSD and OpenBSD, 28 on FreeBSD, 30 on macOS. */
const AF_INET6: readonly number[] = [10, 24, 28, 30];

/** BSD loopback, DLT 0 (family in the writer's byte order) and 108 (big-endian). */
export function decodeLoopback(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < HEADER) return c.tooShort();
  c.layer = Layer.link;
  c.at = at + HEADER;
  const bigEndian = view.getUint32(at);
  const family = bigEndian > LARGEST_FAMILY ? view.getUint32(at, true) : bigEndian;
  if (family === AF_INET) return EtherType.ipv4;
  return AF_INET6.includes(family) ? EtherType.ipv6 : c.unsupported();
}

/** Raw IP, DLT 12, 14, 101, 228, 229: no link header, the version nibble decides. */
export function decodeRawIp(c: Cursor): Next {
  if (c.end - c.at < 1) return c.tooShort();
  c.layer = Layer.link;
  const version = c.view.getUint8(c.at) >>> 4;
  if (version === 4) return EtherType.ipv4;
  return version === 6 ? EtherType.ipv6 : c.malformed();
}
