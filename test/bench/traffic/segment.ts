/** Frames of bulk TCP as bytes: Ethernet, IPv4, TCP with time stamps, as a snaplen of 192 keeps them. */

/** Bytes of each header. */
const ETHERNET = 14;
const IPV4 = 20;
const TCP = 32;
const HEADERS = ETHERNET + IPV4 + TCP;

/** A full segment at an MTU of 1500 with time stamps. */
export const SEGMENT_BYTES = 1448;
export const SNAPLEN = 192;

const ETHERTYPE_IPV4 = 0x0800;
const PROTOCOL_TCP = 6;
const DONT_FRAGMENT = 0x4000;
/** Data offset of 8 words, in the upper four bits of its byte. */
const DATA_OFFSET = 0x80;
/** NOP, NOP, time stamps (kind 8, 10 bytes). */
const OPTIONS = [1, 1, 8, 10] as const;
const WINDOW = 0x7fff;

export interface Segment {
  readonly source: number;
  readonly destination: number;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly ttl: number;
  readonly ipId: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly flags: number;
  readonly timestampValue: number;
  readonly timestampEcho: number;
  /** Payload on the wire, bytes. */
  readonly length: number;
}

/** Length of the frame on the wire, bytes. */
export function wireLength(segment: Segment): number {
  return HEADERS + segment.length;
}

/**
 * Writes what is captured of the frame at `at`; returns how many bytes. Addresses are 32-bit numbers. The payload begins
 * with the sequence number and is zero behind it, so that segments differ; checksums are right.
 */
export function writeSegment(view: DataView, at: number, segment: Segment): number {
  const captured = Math.min(SNAPLEN, wireLength(segment));
  new Uint8Array(view.buffer, view.byteOffset + at, captured).fill(0);
  view.setUint16(at + 12, ETHERTYPE_IPV4);
  writeIp(view, at + ETHERNET, segment);
  writeTcp(view, at + ETHERNET + IPV4, segment);
  return captured;
}

function writeIp(view: DataView, at: number, { source, destination, ttl, ipId, length }: Segment): void {
  view.setUint8(at, 0x45);
  view.setUint16(at + 2, IPV4 + TCP + length);
  view.setUint16(at + 4, ipId);
  view.setUint16(at + 6, DONT_FRAGMENT);
  view.setUint8(at + 8, ttl);
  view.setUint8(at + 9, PROTOCOL_TCP);
  view.setUint32(at + 12, source);
  view.setUint32(at + 16, destination);
  view.setUint16(at + 10, checksum(sum(view, at, IPV4)));
}

function writeTcp(view: DataView, at: number, segment: Segment): void {
  view.setUint16(at, segment.sourcePort);
  view.setUint16(at + 2, segment.destinationPort);
  view.setUint32(at + 4, segment.sequence);
  view.setUint32(at + 8, segment.acknowledgment);
  view.setUint8(at + 12, DATA_OFFSET);
  view.setUint8(at + 13, segment.flags);
  view.setUint16(at + 14, WINDOW);
  OPTIONS.forEach((byte, i) => {
    view.setUint8(at + 20 + i, byte);
  });
  view.setUint32(at + 24, segment.timestampValue);
  view.setUint32(at + 28, segment.timestampEcho);
  if (segment.length > 0) view.setUint32(at + TCP, segment.sequence);
  // The pseudo header: both addresses (in front of the TCP header), protocol and length. Zeros behind add nothing.
  const kept = TCP + (segment.length > 0 ? 4 : 0);
  const pseudo = sum(view, at - 8, 8) + PROTOCOL_TCP + TCP + segment.length;
  view.setUint16(at + 16, checksum(pseudo + sum(view, at, kept)));
}

/** Sum of 16-bit words. */
function sum(view: DataView, at: number, length: number): number {
  let total = 0;
  for (let i = 0; i < length; i += 2) total += view.getUint16(at + i);
  return total;
}

function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}
