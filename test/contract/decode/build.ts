/** Builds headers byte by byte, each from the standard that names it; lengths and checksums are computed. */

export type Bytes = readonly number[];

export const u16 = (n: number): Bytes => [(n >>> 8) & 255, n & 255];
export const u32 = (n: number): Bytes => [(n >>> 24) & 255, (n >>> 16) & 255, (n >>> 8) & 255, n & 255];
export const ascii = (text: string): Bytes => [...text].map((c) => c.charCodeAt(0));
export const fill = (length: number, seed = 7): Bytes =>
  Array.from({ length }, (_, i) => (i * 37 + seed) & 255);

export const SOURCE_MAC: Bytes = [0x02, 0, 0, 0, 0x11, 0x01];
export const DESTINATION_MAC: Bytes = [0x02, 0, 0, 0, 0x22, 0x02];

export const ethernet = (type: number, payload: Bytes): Bytes => [
  ...DESTINATION_MAC,
  ...SOURCE_MAC,
  ...u16(type),
  ...payload,
];
export const vlanTag = (id: number, type: number, payload: Bytes): Bytes => [
  ...u16(0x6000 | id),
  ...u16(type),
  ...payload,
];
/** Linux cooked v1: packet type, ARPHRD_ETHER, address length, address and padding, protocol. */
export const cooked = (packetType: number, type: number, payload: Bytes): Bytes => [
  ...u16(packetType),
  ...u16(1),
  ...u16(6),
  ...SOURCE_MAC,
  0,
  0,
  ...u16(type),
  ...payload,
];
export const cooked2 = (ifindex: number, packetType: number, type: number, payload: Bytes): Bytes => [
  ...u16(type),
  0,
  0,
  ...u32(ifindex),
  ...u16(1),
  packetType,
  6,
  ...SOURCE_MAC,
  0,
  0,
  ...payload,
];

export interface Ipv4Fields {
  tos?: number;
  id?: number;
  /** Flags and offset word. */
  fragment?: number;
  ttl?: number;
  options?: Bytes;
  /** Instead of the true total length. */
  length?: number;
  source?: Bytes;
  destination?: Bytes;
}

export const CLIENT4: Bytes = [10, 77, 1, 1];
export const SERVER4: Bytes = [10, 77, 4, 2];

export function ipv4(protocol: number, payload: Bytes, fields: Ipv4Fields = {}): Bytes {
  const options = fields.options ?? [];
  const header = [
    0x45 + options.length / 4,
    fields.tos ?? 0,
    ...u16(fields.length ?? 20 + options.length + payload.length),
    ...u16(fields.id ?? 0x1234),
    ...u16(fields.fragment ?? 0x4000),
    fields.ttl ?? 64,
    protocol,
    0,
    0,
    ...(fields.source ?? CLIENT4),
    ...(fields.destination ?? SERVER4),
    ...options,
  ];
  header.splice(10, 2, ...u16(onesComplement(header)));
  return [...header, ...payload];
}

export const CLIENT6: Bytes = [0xfd, 0x77, 0, 1, ...Array.from({ length: 11 }, () => 0), 1];
export const SERVER6: Bytes = [0xfd, 0x77, 0, 4, ...Array.from({ length: 11 }, () => 0), 2];

/** `flow` is the flow label, `tos` the traffic class. */
export function ipv6(next: number, payload: Bytes, flow = 0xabcde, tos = 0): Bytes {
  const first = (6 * 0x10000000 + tos * 0x100000 + flow) >>> 0;
  return [...u32(first), ...u16(payload.length), next, 63, ...CLIENT6, ...SERVER6, ...payload];
}
/** Extension header of eight bytes: hop-by-hop, destination options, routing with nothing in it. */
export const extension = (next: number, payload: Bytes): Bytes => [next, 0, 1, 4, 0, 0, 0, 0, ...payload];
export const fragment6 = (next: number, offsetAndMore: number, id: number, payload: Bytes): Bytes => [
  next,
  0,
  ...u16(offsetAndMore),
  ...u32(id),
  ...payload,
];

export interface TcpFields {
  sourcePort?: number;
  destinationPort?: number;
  sequence?: number;
  acknowledgment?: number;
  /** Nine bits. */
  flags?: number;
  window?: number;
  urgent?: number;
  options?: Bytes;
  family?: 4 | 6;
  /** Instead of the right one. */
  checksum?: number;
}

export function tcp(payload: Bytes, fields: TcpFields = {}): Bytes {
  const options = fields.options ?? [];
  const words = 5 + options.length / 4;
  const segment = [
    ...u16(fields.sourcePort ?? 40000),
    ...u16(fields.destinationPort ?? 9000),
    ...u32(fields.sequence ?? 0xdeadbeef),
    ...u32(fields.acknowledgment ?? 0x01020304),
    ...u16((words << 12) | (fields.flags ?? 0x18)),
    ...u16(fields.window ?? 502),
    0,
    0,
    ...u16(fields.urgent ?? 0),
    ...options,
    ...payload,
  ];
  const sum =
    fields.checksum ?? onesComplement([...pseudoHeader(6, segment.length, fields.family ?? 4), ...segment]);
  segment.splice(16, 2, ...u16(sum));
  return segment;
}

export interface UdpFields {
  sourcePort?: number;
  destinationPort?: number;
  family?: 4 | 6;
  checksum?: number;
}

export function udp(payload: Bytes, fields: UdpFields = {}): Bytes {
  const datagram = [
    ...u16(fields.sourcePort ?? 40000),
    ...u16(fields.destinationPort ?? 9001),
    ...u16(8 + payload.length),
    0,
    0,
    ...payload,
  ];
  const sum =
    fields.checksum ??
    onesComplement([...pseudoHeader(17, datagram.length, fields.family ?? 4), ...datagram]);
  datagram.splice(6, 2, ...u16(sum));
  return datagram;
}

/** Sum of the pseudo-header alone, as offload leaves it in the checksum field. */
export function partialChecksum(protocol: number, length: number, family: 4 | 6 = 4): number {
  return ~onesComplement(pseudoHeader(protocol, length, family)) & 0xffff;
}

/** ICMP and ICMPv6: type, code, four bytes of rest, then payload; checksums only over ICMP. */
export function icmp(type: number, code: number, rest: Bytes, payload: Bytes): Bytes {
  const message = [type, code, 0, 0, ...rest, ...payload];
  message.splice(2, 2, ...u16(onesComplement(message)));
  return message;
}

function pseudoHeader(protocol: number, length: number, family: 4 | 6): Bytes {
  return family === 4
    ? [...CLIENT4, ...SERVER4, 0, protocol, ...u16(length)]
    : [...CLIENT6, ...SERVER6, ...u32(length), 0, 0, 0, protocol];
}

function onesComplement(bytes: Bytes): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum >>> 16) + (sum & 0xffff);
  return ~sum & 0xffff;
}
