import type { Cursor } from './cursor.js';
import { extensionLength, isExtension } from './ipv6.js';
import { Protocol } from './next.js';

const IPV4 = {
  identification: 4,
  fragment: 6,
  protocol: 9,
  source: 12,
  destination: 16,
  header: 20,
} as const;
const IPV6 = { nextHeader: 6, source: 8, destination: 24, header: 40 } as const;
const OFFSET_MASK = 0x1fff;
const MAPPED = 0xffff;
const PORTS = 4;
const PORTS_AND_SEQUENCE = 8;

/** The packet that an ICMP error quotes, from `at`; without a whole IP header captured there is no quote. */
export function decodeQuote(c: Cursor, at: number): void {
  if (c.end - at < IPV4.header) return;
  const version = c.view.getUint8(at) >>> 4;
  if (version === 4) quoteIpv4(c, at);
  else if (version === 6 && c.end - at >= IPV6.header) quoteIpv6(c, at);
}

function quoteIpv4(c: Cursor, at: number): void {
  const { view, table, row } = c;
  const header = (view.getUint8(at) & 0x0f) << 2;
  if (header < IPV4.header) return;
  table.quotedIpId[row] = view.getUint16(at + IPV4.identification);
  const word = row << 2;
  writeMapped(table.quotedSource, word, view.getUint32(at + IPV4.source));
  writeMapped(table.quotedDestination, word, view.getUint32(at + IPV4.destination));
  const later = (view.getUint16(at + IPV4.fragment) & OFFSET_MASK) !== 0;
  quoteTransport(c, view.getUint8(at + IPV4.protocol), later ? c.end : at + header);
}

function quoteIpv6(c: Cursor, at: number): void {
  const { view, table, row } = c;
  table.quotedIpId[row] = 0;
  for (let i = 0; i < 4; i++) {
    table.quotedSource[row * 4 + i] = view.getUint32(at + IPV6.source + i * 4);
    table.quotedDestination[row * 4 + i] = view.getUint32(at + IPV6.destination + i * 4);
  }
  let protocol = view.getUint8(at + IPV6.nextHeader);
  let next = at + IPV6.header;
  while (isExtension(protocol) && next + 2 <= c.end) {
    const length = extensionLength(protocol, view.getUint8(next + 1));
    protocol = view.getUint8(next);
    next += length;
  }
  quoteTransport(c, protocol, next);
}

/** Ports and, for TCP, the sequence number: the eight bytes that every ICMP error must quote. */
function quoteTransport(c: Cursor, protocol: number, at: number): void {
  const { view, table, row } = c;
  const ported = protocol === Protocol.tcp || protocol === Protocol.udp;
  const ports = ported && c.end - at >= PORTS;
  table.quotedProtocol[row] = protocol;
  table.quotedSourcePort[row] = ports ? view.getUint16(at) : 0;
  table.quotedDestinationPort[row] = ports ? view.getUint16(at + 2) : 0;
  const sequence = protocol === Protocol.tcp && c.end - at >= PORTS_AND_SEQUENCE;
  table.quotedSequence[row] = sequence ? view.getUint32(at + PORTS) : 0;
}

function writeMapped(column: Uint32Array, word: number, address: number): void {
  column[word] = 0;
  column[word + 1] = 0;
  column[word + 2] = MAPPED;
  column[word + 3] = address;
}
