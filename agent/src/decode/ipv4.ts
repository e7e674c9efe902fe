import { IpFlag, Layer } from '@bothends/proto';
import type { Cursor } from './cursor.js';
import { IP_PROTOCOL, type Next } from './next.js';
import { opaquePayload } from './payload.js';

/** Byte offsets of an IPv4 header (RFC 791). */
const TOS = 1;
const TOTAL_LENGTH = 2;
const IDENTIFICATION = 4;
const FRAGMENT = 6;
const TTL = 8;
const PROTOCOL = 9;
const SOURCE = 12;
const DESTINATION = 16;
const MIN_HEADER = 20;

const DONT_FRAGMENT = 0x4000;
const MORE_FRAGMENTS = 0x2000;
const OFFSET_MASK = 0x1fff;
/** Third word of an IPv4-mapped address. */
const MAPPED = 0xffff;

/** An IPv4 header. */
export function decodeIpv4(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < MIN_HEADER) return c.tooShort();
  const first = view.getUint8(at);
  const header = (first & 0x0f) << 2;
  // Segmentation offload hands down super-packets with length 0 (BIG TCP): the wire length is the truth then.
  const length = view.getUint16(at + TOTAL_LENGTH) || c.wireEnd - at;
  if (first >>> 4 !== 4 || header < MIN_HEADER || length < header) return c.malformed();

  const protocol = view.getUint8(at + PROTOCOL);
  const fragment = view.getUint16(at + FRAGMENT);
  table.ipVersion[row] = 4;
  table.ipLength[row] = length;
  table.protocol[row] = protocol;
  table.ttl[row] = view.getUint8(at + TTL);
  table.tos[row] = view.getUint8(at + TOS);
  table.ipId[row] = view.getUint16(at + IDENTIFICATION);
  table.ipFlags[row] = flagsOf(fragment);
  table.fragmentOffset[row] = (fragment & OFFSET_MASK) << 3;
  table.flowLabel[row] = 0;
  const word = row << 2;
  const { source, destination } = table;
  source[word] = 0;
  source[word + 1] = 0;
  source[word + 2] = MAPPED;
  source[word + 3] = view.getUint32(at + SOURCE);
  destination[word] = 0;
  destination[word + 1] = 0;
  destination[word + 2] = MAPPED;
  destination[word + 3] = view.getUint32(at + DESTINATION);
  c.layer = Layer.network;
  c.endAt(at + length);
  c.at = at + header;
  if (c.at > c.end) return c.tooShort();
  return (fragment & OFFSET_MASK) === 0 ? IP_PROTOCOL + protocol : opaquePayload(c);
}

/** Authentication header (RFC 4302): next protocol, length in words of four, less two. */
const AUTHENTICATION_HEADER = 12;

/** The header in front of what it authenticates, in the clear; over IPv6 it is one of the extension headers. */
export function decodeAuthentication(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < AUTHENTICATION_HEADER) return c.tooShort();
  const protocol = view.getUint8(at);
  table.protocol[row] = protocol;
  c.at = at + ((view.getUint8(at + 1) + 2) << 2);
  return c.at > c.end ? c.tooShort() : IP_PROTOCOL + protocol;
}

function flagsOf(fragment: number): number {
  let flags = (fragment & DONT_FRAGMENT) === 0 ? 0 : IpFlag.dontFragment;
  if ((fragment & MORE_FRAGMENTS) !== 0) flags |= IpFlag.moreFragments;
  return (fragment & (MORE_FRAGMENTS | OFFSET_MASK)) === 0 ? flags : flags | IpFlag.fragment;
}
