import { BothendsError } from '@bothends/proto';
import { decodeCooked, decodeCooked2 } from './cooked.js';
import type { Cursor } from './cursor.js';
import { decodeEthernet } from './ethernet.js';
import { decodeLoopback, decodeRawIp } from './loopback.js';
import type { Next } from './next.js';
import { decodeNflog } from './nflog.js';
import { decodeCiscoHdlc, decodePpp, decodePppHdlc, decodePppoe } from './ppp.js';

/** Link types by number as capture files state them (tcpdump.org, LINKTYPE_ registry). */
export const LinkType = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  pppHdlc: 50,
  pppoe: 51,
  raw12: 12,
  raw14: 14,
  raw: 101,
  ciscoHdlc: 104,
  loop: 108,
  cooked: 113,
  ipv4: 228,
  ipv6: 229,
  nflog: 239,
  pktap: 258,
  cooked2: 276,
} as const;

type LinkDecoder = (c: Cursor) => Next;

const DECODERS: ReadonlyMap<number, { readonly name: string; readonly decode: LinkDecoder }> = new Map([
  [LinkType.null, { name: 'BSD loopback', decode: decodeLoopback }],
  [LinkType.ethernet, { name: 'Ethernet', decode: decodeEthernet }],
  [LinkType.ppp, { name: 'PPP', decode: decodePpp }],
  [LinkType.pppHdlc, { name: 'PPP over HDLC', decode: decodePppHdlc }],
  [LinkType.pppoe, { name: 'PPPoE', decode: decodePppoe }],
  [LinkType.ciscoHdlc, { name: 'Cisco HDLC', decode: decodeCiscoHdlc }],
  [LinkType.nflog, { name: 'NFLOG', decode: decodeNflog }],
  [LinkType.raw12, { name: 'raw IP', decode: decodeRawIp }],
  [LinkType.raw14, { name: 'raw IP', decode: decodeRawIp }],
  [LinkType.raw, { name: 'raw IP', decode: decodeRawIp }],
  [LinkType.loop, { name: 'OpenBSD loopback', decode: decodeLoopback }],
  [LinkType.cooked, { name: 'Linux cooked v1', decode: decodeCooked }],
  [LinkType.ipv4, { name: 'raw IPv4', decode: decodeRawIp }],
  [LinkType.ipv6, { name: 'raw IPv6', decode: decodeRawIp }],
  [LinkType.cooked2, { name: 'Linux cooked v2', decode: decodeCooked2 }],
]);

/** Names of common link types that this decoder does not read, for the error message. */
const FOREIGN_NAMES: Readonly<Record<number, string>> = {
  6: 'Token Ring',
  10: 'FDDI',
  105: 'IEEE 802.11 wireless',
  119: 'Prism wireless',
  127: '802.11 with radiotap',
  147: 'user-defined 0',
  187: 'Bluetooth HCI',
  189: 'USB (Linux)',
  195: 'IEEE 802.15.4',
  220: 'USB (Linux, mmapped)',
  227: 'SocketCAN',
  253: 'netlink',
};

/** macOS's own header (DLT_PKTAP), in the byte order of x86 and ARM: its length, and the link type of what follows. */
const PKTAP = { length: 0, type: 4, linkType: 8, header: 12 } as const;
/** `type` where a packet follows. */
const PKTAP_PACKET = 1;

/** What `tcpdump -i any` writes on macOS: packets of many interfaces, each with its own link type. */
function decodePktap(c: Cursor): Next {
  const { view, at } = c;
  if (c.end - at < PKTAP.header) return c.tooShort();
  const length = view.getUint32(at + PKTAP.length, true);
  const inner = DECODERS.get(view.getUint32(at + PKTAP.linkType, true));
  if (view.getUint32(at + PKTAP.type, true) !== PKTAP_PACKET || !inner) return c.unsupported();
  if (length < PKTAP.header) return c.malformed();
  c.at = at + length;
  return c.at > c.end ? c.tooShort() : inner.decode(c);
}

/** Name of a link type for people. */
export function linkTypeName(linkType: number): string {
  const name =
    linkType === LinkType.pktap
      ? 'macOS packet tap'
      : (DECODERS.get(linkType)?.name ?? FOREIGN_NAMES[linkType]);
  return name === undefined ? `link type ${linkType}` : `${name} (link type ${linkType})`;
}

export function isSupportedLinkType(linkType: number): boolean {
  return linkType === LinkType.pktap || DECODERS.has(linkType);
}

/** The decoder of a link type; throws `unsupported` for one that is not read. */
export function linkDecoder(linkType: number): LinkDecoder {
  const known = DECODERS.get(linkType);
  if (known !== undefined) return known.decode;
  if (linkType === LinkType.pktap) return decodePktap;
  throw new BothendsError(
    'unsupported',
    `cannot read packets of ${linkTypeName(linkType)}: capture on an Ethernet interface, or on "any" for Linux cooked`,
  );
}
