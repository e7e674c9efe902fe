/** Blocks of pcapng (draft-ietf-opsawg-pcapng), little-endian, with what bothends writes of each. */

/** Block types. */
export const Block = { section: 0x0a0d0d0a, interface: 1, statistics: 5, packet: 6 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const VERSION_MAJOR = 1;
/** Time stamps count 10^-9 s. */
const NANOSECONDS = 9;
const COMMENT = 1;
const SectionOption = { application: 4 } as const;
const InterfaceOption = { name: 2, description: 3, resolution: 9, filter: 11 } as const;
const PacketOption = { flags: 2 } as const;
const StatisticsOption = { start: 2, end: 3, received: 4, dropped: 5, accepted: 6, delivered: 8 } as const;

/** Direction of a packet in `epb_flags`. */
export const Direction = { unknown: 0, inbound: 1, outbound: 2 } as const;

/** An epoch time in ns as its two 32-bit halves, which hold what no float64 can. */
export interface Stamp {
  high: number;
  low: number;
}

/** The halves of an epoch time in ns. */
export function stampOf(epochNs: bigint): Stamp {
  return { high: Number(BigInt.asUintN(32, epochNs >> 32n)), low: Number(BigInt.asUintN(32, epochNs)) };
}

/** A section header block, written by `application`. */
export function sectionHeader(application: string, comment: string): Buffer {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(VERSION_MAJOR, 4);
  // The length of the section is not given.
  body.writeBigInt64LE(-1n, 8);
  return block(Block.section, body, [
    option(SectionOption.application, Buffer.from(application)),
    option(COMMENT, Buffer.from(comment)),
  ]);
}

/** What is said of an interface. */
export interface InterfaceDescription {
  /** LINKTYPE number of its packets. */
  linkType: number;
  /** Bytes kept of each; 0: not known. */
  snaplen: number;
  name: string;
  /** Empty: none. */
  description: string;
  filter: string;
  comment: string;
}

/** An interface description block; time stamps of its packets are in ns. */
export function interfaceDescription(facts: InterfaceDescription): Buffer {
  const { linkType, snaplen, name, description, filter, comment } = facts;
  const body = Buffer.alloc(8);
  body.writeUInt16LE(linkType, 0);
  body.writeUInt32LE(snaplen, 4);
  const options = [
    option(InterfaceOption.name, Buffer.from(name)),
    ...texts(InterfaceOption.description, description),
    option(InterfaceOption.resolution, Buffer.of(NANOSECONDS)),
    ...texts(COMMENT, comment),
  ];
  // The leading 0 says that it is a text for libpcap.
  if (filter !== '') options.push(option(InterfaceOption.filter, Buffer.from(`\0${filter}`)));
  return block(Block.interface, body, options);
}

/** One packet. */
export interface EnhancedPacket {
  /** Index of the interface, in the order of their descriptions. */
  tap: number;
  stamp: Stamp;
  /** What is there of the packet. */
  bytes: Uint8Array;
  wireLength: number;
  direction: number;
  comments: readonly string[];
}

/** An enhanced packet block. */
export function enhancedPacket({
  tap,
  stamp,
  bytes,
  wireLength,
  direction,
  comments,
}: EnhancedPacket): Buffer {
  const body = Buffer.alloc(20 + padded(bytes.length));
  body.writeUInt32LE(tap, 0);
  writeStamp(body, 4, stamp);
  body.writeUInt32LE(bytes.length, 12);
  body.writeUInt32LE(wireLength, 16);
  body.set(bytes, 20);
  const options = comments.map((comment) => option(COMMENT, Buffer.from(comment)));
  if (direction !== Direction.unknown) {
    const flags = Buffer.alloc(4);
    flags.writeUInt32LE(direction);
    options.push(option(PacketOption.flags, flags));
  }
  return block(Block.packet, body, options);
}

/** What became of the packets of an interface. */
export interface InterfaceStatistics {
  tap: number;
  start: Stamp;
  end: Stamp;
  /** Packets that passed the filter, were dropped for want of buffer, and are in the file; null: not known. */
  accepted: number | null;
  dropped: number | null;
  delivered: number;
}

/** An interface statistics block. */
export function interfaceStatistics(facts: InterfaceStatistics): Buffer {
  const { tap, start, end, accepted, dropped, delivered } = facts;
  const body = Buffer.alloc(12);
  body.writeUInt32LE(tap, 0);
  writeStamp(body, 4, end);
  const options = [
    option(StatisticsOption.start, stampBytes(start)),
    option(StatisticsOption.end, stampBytes(end)),
  ];
  if (accepted !== null) {
    options.push(
      option(StatisticsOption.received, count(accepted)),
      option(StatisticsOption.accepted, count(accepted)),
    );
  }
  if (dropped !== null) options.push(option(StatisticsOption.dropped, count(dropped)));
  options.push(option(StatisticsOption.delivered, count(delivered)));
  return block(Block.statistics, body, options);
}

function block(type: number, body: Uint8Array, options: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(options.length > 0 ? [body, ...options, Buffer.alloc(4)] : [body]);
  const whole = Buffer.alloc(content.length + 12);
  whole.writeUInt32LE(type, 0);
  whole.writeUInt32LE(whole.length, 4);
  whole.set(content, 8);
  whole.writeUInt32LE(whole.length, whole.length - 4);
  return whole;
}

/** Longest value of an option: its length has 16 bits. */
const MAX_OPTION = 0xffff;

function option(code: number, value: Uint8Array): Buffer {
  const kept = value.subarray(0, MAX_OPTION);
  const whole = Buffer.alloc(4 + padded(kept.length));
  whole.writeUInt16LE(code, 0);
  whole.writeUInt16LE(kept.length, 2);
  whole.set(kept, 4);
  return whole;
}

/** A text as an option; none for an empty one. */
function texts(code: number, text: string): Buffer[] {
  return text === '' ? [] : [option(code, Buffer.from(text))];
}

function stampBytes(stamp: Stamp): Buffer {
  const bytes = Buffer.alloc(8);
  writeStamp(bytes, 0, stamp);
  return bytes;
}

function writeStamp(bytes: Buffer, at: number, { high, low }: Stamp): void {
  bytes.writeUInt32LE(high, at);
  bytes.writeUInt32LE(low, at + 4);
}

function count(packets: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(packets));
  return bytes;
}

/** Everything in a block is padded to 32 bits. */
function padded(length: number): number {
  return (length + 3) & ~3;
}
