import { IpFlag, Layer } from '@bothends/proto';
import { readMarker } from '../capture/marker.js';
import { checksumState } from './checksum.js';
import type { Cursor } from './cursor.js';
import { decodeDns, isDnsPort } from './dns.js';
import { type Next, STOP } from './next.js';
import { writePayload } from './payload.js';
import { decodeUdpTunnel } from './tunnel.js';

/** Byte offsets of a UDP header (RFC 768). */
const DESTINATION_PORT = 2;
const LENGTH = 4;
const CHECKSUM = 6;
const HEADER = 8;

/** A UDP header; its payload may be a tunnel, a marker or DNS. */
export function decodeUdp(c: Cursor): Next {
  const { view, table, row, at } = c;
  if (c.end - at < HEADER) return c.tooShort();
  const sourcePort = view.getUint16(at);
  const destinationPort = view.getUint16(at + DESTINATION_PORT);
  table.sourcePort[row] = sourcePort;
  table.destinationPort[row] = destinationPort;
  c.layer = Layer.transport;
  const fragment = ((table.ipFlags[row] as number) & IpFlag.fragment) !== 0;
  const length = lengthOf(c, fragment);
  c.at = at + HEADER;
  if (!fragment) {
    const next = decodeUdpTunnel(c, destinationPort);
    if (next !== STOP) return next;
    // Checksum 0 says that the sender computed none.
    if (view.getUint16(at + CHECKSUM) !== 0)
      table.checksum[row] = checksumState(c, at, length, at + CHECKSUM);
  }
  if (length > HEADER) {
    writePayload(c, c.at, length - HEADER);
    table.marker[row] = readMarker(view, c.at, c.end, length - HEADER);
    if (isDnsPort(sourcePort) || isDnsPort(destinationPort)) decodeDns(c, c.at);
  }
  return STOP;
}

/** Bytes of the datagram in this packet, header included; a first fragment states the whole datagram's length. */
function lengthOf(c: Cursor, fragment: boolean): number {
  const present = c.wireEnd - c.at;
  if (fragment) return present;
  const stated = c.view.getUint16(c.at + LENGTH);
  // Length 0 is a datagram above 64 KiB (RFC 2675) or an offloaded super-packet.
  if (stated === 0) return present;
  if (stated < HEADER || stated > present) {
    c.malformed();
    return present;
  }
  return stated;
}
