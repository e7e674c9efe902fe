import { IpFlag, Layer } from '@bothends/proto';
import { checksumState } from './checksum.js';
import type { Cursor } from './cursor.js';
import { decodeDnsOverTcp, isDnsPort } from './dns.js';
import { decodeHttp1, looksLikeHttp1 } from './http1.js';
import { type Next, STOP } from './next.js';
import { writePayload } from './payload.js';
import { decodeTcpOptions } from './tcp-options.js';
import { decodeTls, looksLikeTls } from './tls.js';

/** Byte offsets of a TCP header (RFC 9293). */
const DESTINATION_PORT = 2;
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const OFFSET_AND_FLAGS = 12;
const WINDOW = 14;
const CHECKSUM = 16;
const URGENT = 18;
const MIN_HEADER = 20;
/** Eight flags and AE, the former NS (RFC 9768). */
const FLAGS_MASK = 0x1ff;

/** A TCP header, its options, and what its payload begins. */
export function decodeTcp(c: Cursor): Next {
  const { view, table, row, at, wireEnd } = c;
  if (c.end - at < MIN_HEADER) return c.tooShort();
  const offsetAndFlags = view.getUint16(at + OFFSET_AND_FLAGS);
  const header = (offsetAndFlags >>> 12) << 2;
  const payloadAt = at + header;
  if (header < MIN_HEADER || payloadAt > wireEnd) return c.malformed();
  const sourcePort = view.getUint16(at);
  const destinationPort = view.getUint16(at + DESTINATION_PORT);
  table.sourcePort[row] = sourcePort;
  table.destinationPort[row] = destinationPort;
  table.sequence[row] = view.getUint32(at + SEQUENCE);
  table.acknowledgment[row] = view.getUint32(at + ACKNOWLEDGMENT);
  table.tcpFlags[row] = offsetAndFlags & FLAGS_MASK;
  table.window[row] = view.getUint16(at + WINDOW);
  table.urgent[row] = view.getUint16(at + URGENT);
  c.layer = Layer.transport;
  if (header > MIN_HEADER) decodeTcpOptions(c, at + MIN_HEADER, payloadAt);
  if (((table.ipFlags[row] as number) & IpFlag.fragment) === 0) {
    table.checksum[row] = checksumState(c, at, wireEnd - at, at + CHECKSUM);
  }
  if (payloadAt < wireEnd) {
    writePayload(c, payloadAt, wireEnd - payloadAt);
    decodeTcpPayload(c, payloadAt, isDnsPort(sourcePort) || isDnsPort(destinationPort));
  }
  return STOP;
}

/** Recognises what a segment's first bytes start; a segment from the middle of a message starts nothing. */
function decodeTcpPayload(c: Cursor, at: number, dns: boolean): void {
  if (looksLikeTls(c, at)) decodeTls(c, at);
  else if (looksLikeHttp1(c, at)) decodeHttp1(c, at);
  else if (dns) decodeDnsOverTcp(c, at);
}
