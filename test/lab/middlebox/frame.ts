/** One Ethernet frame with an IP packet in it, as offsets into its bytes. Edits are made in place. */

const ETHERNET = 14;
const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const;

/** Offsets within a TCP header (RFC 9293, 3.1). */
export const TCP = {
  sequence: 4,
  acknowledgment: 8,
  dataOffset: 12,
  flags: 13,
  window: 14,
  checksum: 16,
  options: 20,
} as const;
const UDP_HEADER = 8;
const UDP_CHECKSUM = 6;

export interface Frame {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly version: 4 | 6;
  readonly protocol: number;
  /** Start of the transport header, of its payload, and the end of the IP packet. */
  readonly transport: number;
  readonly payload: number;
  readonly end: number;
}

/** The frame's layout, or null when it is not a whole, unfragmented IP packet without IPv6 extension headers. */
export function parseFrame(bytes: Uint8Array): Frame | null {
  if (bytes.length < ETHERNET + 20) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = view.getUint16(12);
  if (type === ETHERTYPE.ipv4) return parseIpv4(bytes, view);
  return type === ETHERTYPE.ipv6 && bytes.length >= ETHERNET + 40 ? parseIpv6(bytes, view) : null;
}

function parseIpv4(bytes: Uint8Array, view: DataView): Frame | null {
  const fragment = view.getUint16(ETHERNET + 6) & 0x3fff;
  const end = ETHERNET + view.getUint16(ETHERNET + 2);
  if (fragment !== 0 || end > bytes.length) return null;
  const transport = ETHERNET + (bytes[ETHERNET] & 15) * 4;
  return withPayload(bytes, view, 4, bytes[ETHERNET + 9], transport, end);
}

function parseIpv6(bytes: Uint8Array, view: DataView): Frame | null {
  const transport = ETHERNET + 40;
  const end = transport + view.getUint16(ETHERNET + 4);
  return end > bytes.length ? null : withPayload(bytes, view, 6, bytes[ETHERNET + 6], transport, end);
}

function withPayload(
  bytes: Uint8Array,
  view: DataView,
  version: 4 | 6,
  protocol: number,
  transport: number,
  end: number,
): Frame | null {
  const header = protocol === PROTOCOL.tcp ? TCP.options : UDP_HEADER;
  if (transport + header > end) return null;
  const payload =
    protocol === PROTOCOL.tcp ? transport + (bytes[transport + TCP.dataOffset] >> 4) * 4 : transport + header;
  return payload > end ? null : { bytes, view, version, protocol, transport, payload, end };
}

export function isTcpFrame(frame: Frame): boolean {
  return frame.protocol === PROTOCOL.tcp;
}

/** IP total length in bytes. */
export function lengthOf(frame: Frame): number {
  return frame.end - ETHERNET;
}

/** TCP flag bits; 0 where it is not TCP. */
export function flagsOf(frame: Frame): number {
  return isTcpFrame(frame) ? frame.bytes[frame.transport + TCP.flags] : 0;
}

export function portsOf(frame: Frame): readonly [number, number] {
  return [frame.view.getUint16(frame.transport), frame.view.getUint16(frame.transport + 2)];
}

/** Source and destination as text without meaning of its own, for keys. */
export function addressesOf(frame: Frame): readonly [string, string] {
  const [at, size] = frame.version === 4 ? [ETHERNET + 12, 4] : [ETHERNET + 8, 16];
  const text = (from: number) => Buffer.from(frame.bytes.subarray(from, from + size)).toString('hex');
  return [text(at), text(at + size)];
}

/** The TOS or traffic class byte. */
export function tosOf(frame: Frame): number {
  return frame.version === 4 ? frame.bytes[ETHERNET + 1] : (frame.view.getUint16(ETHERNET) >> 4) & 0xff;
}

export function setTos(frame: Frame, tos: number): void {
  if (frame.version === 6) {
    const word = frame.view.getUint16(ETHERNET);
    frame.view.setUint16(ETHERNET, (word & 0xf00f) | (tos << 4));
  } else frame.bytes[ETHERNET + 1] = tos;
}

/** Computes the IPv4 header's checksum and the transport's anew. */
export function repairChecksums(frame: Frame): void {
  const { view, version, transport, end, protocol } = frame;
  if (version === 4) {
    view.setUint16(ETHERNET + 10, 0);
    view.setUint16(ETHERNET + 10, fold(sum(view, ETHERNET, transport)));
  }
  const at = protocol === PROTOCOL.tcp ? TCP.checksum : protocol === PROTOCOL.udp ? UDP_CHECKSUM : null;
  if (at === null) return;
  const [from, size] = version === 4 ? [ETHERNET + 12, 8] : [ETHERNET + 8, 32];
  view.setUint16(transport + at, 0);
  const checksum = fold(
    sum(view, from, from + size) + protocol + (end - transport) + sum(view, transport, end),
  );
  // UDP writes 0 as 0xffff: 0 says that there is no checksum (RFC 768).
  view.setUint16(transport + at, checksum === 0 && protocol === PROTOCOL.udp ? 0xffff : checksum);
}

function sum(view: DataView, from: number, to: number): number {
  let total = 0;
  let at = from;
  for (; at + 1 < to; at += 2) total += view.getUint16(at);
  return at < to ? total + view.getUint8(at) * 256 : total;
}

function fold(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + (folded >>> 16);
  return ~folded & 0xffff;
}
