import { BothendsError, type PacketTable, PacketType } from '@bothends/proto';
import { linkTypeName } from '../../decode/link.js';
import { type CaptureFacts, MAX_RECORD_BYTES, type PacketRun, type RecordParser } from './parser.js';
import { PcapngInterface } from './pcapng-interface.js';
import { count64, eachOption, option32, padded, type Region, ticks } from './pcapng-options.js';

/** Block types (draft-ietf-opsawg-pcapng). */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const PACKET = 2;
const SIMPLE_PACKET = 3;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type and length before the body, length again after it. */
const BLOCK_HEADER = 8;
const BLOCK_OVERHEAD = 12;
const SECTION_MIN = 28;

/** Linux numbers its loopback interface 1; a described one gets that number by its name only. */
const LOOPBACK = 1;
const isLoopback = ({ facts }: PcapngInterface) => facts.name === 'lo';

/** Fixed part of the bodies: bytes before packet data or options. */
const ENHANCED_FIXED = 20;
const PACKET_FIXED = 20;
const SIMPLE_FIXED = 4;
const STATISTICS_FIXED = 12;
const INTERFACE_FIXED = 8;
/** A drop count of 65535 in an old packet block means unknown. */
const DROPS_UNKNOWN = 0xffff;

const EPB_FLAGS = 2;
const ISB = { startTime: 2, endTime: 3, interfaceDrops: 5, osDrops: 7 } as const;

/** Parser of pcapng: any number of sections and interfaces, each with its byte order, link type and clock. */
export class PcapngParser implements RecordParser {
  failure: string | null = null;
  readonly #digestKey: Uint8Array | null | undefined;
  readonly #portable: boolean;
  #littleEndian = true;
  /** Interfaces of the section being read, and of all sections. */
  #interfaces: PcapngInterface[] = [];
  readonly #allInterfaces: PcapngInterface[] = [];
  #base: bigint | null = null;
  #lastTimeNs = 0;
  #blocks = 0;
  #skippedPackets = 0;
  #openedNs: bigint | null = null;
  #closedNs: bigint | null = null;
  /** Bytes left of a block that is of no interest and may be larger than any buffer. */
  #skip = 0;

  /** `portable` as in DecoderOptions. */
  constructor(digestKey?: Uint8Array | null, { portable = false }: { readonly portable?: boolean } = {}) {
    this.#digestKey = digestKey;
    this.#portable = portable;
  }

  get facts(): CaptureFacts {
    return {
      interfaces: this.#allInterfaces.map((i) => i.facts),
      tickNs: Math.max(1, ...this.#allInterfaces.map((i) => i.tickNs)),
      kernelDrops: this.#kernelDrops(),
      openedNs: this.#openedNs,
      closedNs: this.#closedNs,
      skippedPackets: this.#skippedPackets,
    };
  }

  get run(): PacketRun | null {
    const [one] = this.#interfaces;
    const plain = one && this.#plainOf(one);
    if (!plain || this.#interfaces.length > 1 || this.#skip > 0 || this.#base === null) return null;
    const { id, baseHigh, baseLow, baseNs, tickNs } = one;
    return { plain, baseNs: this.#base, clock: { isPcapng: true, id, baseHigh, baseLow, baseNs, tickNs } };
  }

  passed(packets: number, lastTimeNs: number): void {
    this.#blocks += packets;
    this.#lastTimeNs = lastTimeNs;
  }

  /** What decodes plain packets of an interface; null where their rows take more than it knows. */
  #plainOf(one: PcapngInterface) {
    return this.#littleEndian && one.started && !isLoopback(one) ? (one.decoder?.plain ?? null) : null;
  }

  /** Known only when every interface stated its drops. */
  #kernelDrops(): number | null {
    let sum = 0;
    for (const one of this.#allInterfaces) {
      if (one.statedDrops === null && one.packetDrops === 0) return null;
      sum += one.statedDrops ?? one.packetDrops;
    }
    return this.#allInterfaces.length === 0 ? null : sum;
  }

  parse(bytes: Uint8Array, start: number, end: number, table: PacketTable): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    table.baseNs = this.#base ?? 0n;
    let at = start;
    while (this.failure === null) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, end - at);
        this.#skip -= step;
        at += step;
      }
      at = this.#plain(bytes, view, at, end, table);
      const length = this.#blockLength(view, at, end);
      if (length === 0) break;
      const type = view.getUint32(at, this.#littleEndian);
      if (isKnown(type)) {
        if (end - at < length || (isPacket(type) && table.length === table.capacity)) break;
        this.#block(type, bytes, view, at + BLOCK_HEADER, at + length - 4, table);
        at += length;
      } else {
        this.#skip = length;
      }
      this.#blocks++;
    }
    return at;
  }

  /** Takes a run of plain packets of one interface at once, where that can be; returns where it ends. */
  #plain(bytes: Uint8Array, view: DataView, at: number, end: number, table: PacketTable): number {
    if (this.#skip > 0 || end - at < BLOCK_OVERHEAD || table.length === table.capacity) return at;
    if (view.getUint32(at, true) !== ENHANCED_PACKET) return at;
    const one = this.#interfaces[view.getUint32(at + BLOCK_HEADER, true)];
    const plain = one && this.#plainOf(one);
    if (!plain) return at;
    const before = table.length;
    const to = plain.pcapng(bytes, at, end, table, one);
    if (to > at) this.#lastTimeNs = table.time[table.length - 1] as number;
    this.#blocks += table.length - before;
    return to;
  }

  /** Length of the block at `at`; 0 when more bytes are needed to tell, or after a failure. */
  #blockLength(view: DataView, at: number, end: number): number {
    if (end - at < BLOCK_OVERHEAD) return 0;
    const section = view.getUint32(at) === SECTION_HEADER;
    if (section) {
      this.#littleEndian = view.getUint32(at + BLOCK_HEADER, true) === BYTE_ORDER_MAGIC;
      if (!this.#littleEndian && view.getUint32(at + BLOCK_HEADER) !== BYTE_ORDER_MAGIC) {
        return this.#fail('has no byte-order magic');
      }
    }
    const length = view.getUint32(at + 4, this.#littleEndian);
    const minimum = section ? SECTION_MIN : BLOCK_OVERHEAD;
    if (length < minimum || length % 4 !== 0) return this.#fail(`claims ${length} bytes, which cannot be`);
    if (length > MAX_RECORD_BYTES && isKnown(view.getUint32(at, this.#littleEndian))) {
      return this.#fail(`claims ${length} bytes, which cannot be`);
    }
    return length;
  }

  #fail(what: string): 0 {
    this.failure = `block ${this.#blocks + 1} ${what}: the data is damaged there`;
    return 0;
  }

  /** One block whose body spans [start, end), all of it there. */
  #block(
    type: number,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    table: PacketTable,
  ): void {
    switch (type) {
      case ENHANCED_PACKET:
        if (end - start >= ENHANCED_FIXED) this.#enhanced(bytes, view, start, end, table);
        break;
      case SIMPLE_PACKET:
        if (end - start >= SIMPLE_FIXED) this.#simple(bytes, view, start, end, table);
        break;
      case PACKET:
        if (end - start >= PACKET_FIXED) this.#old(bytes, view, start, end, table);
        break;
      case SECTION_HEADER:
        this.#interfaces = [];
        break;
      case INTERFACE_DESCRIPTION:
        if (end - start >= INTERFACE_FIXED)
          this.#describe({ view, littleEndian: this.#littleEndian, start, end });
        break;
      default:
        if (end - start >= STATISTICS_FIXED)
          this.#statistics({ view, littleEndian: this.#littleEndian, start, end });
    }
  }

  #describe(body: Region): void {
    const one = new PcapngInterface(this.#interfaces.length, body, this.#digestKey, this.#portable);
    this.#interfaces.push(one);
    this.#allInterfaces.push(one);
  }

  #enhanced(bytes: Uint8Array, view: DataView, start: number, end: number, table: PacketTable): void {
    const little = this.#littleEndian;
    const id = view.getUint32(start, little);
    const captured = view.getUint32(start + 12, little);
    const data = start + ENHANCED_FIXED;
    const time = this.#time(id, view.getUint32(start + 4, little), view.getUint32(start + 8, little), table);
    if (!this.#packet(id, bytes, data, end, captured, view.getUint32(start + 16, little), time, table))
      return;
    const flags = option32(view, little, data + padded(captured), end, EPB_FLAGS);
    if (flags !== 0) writeFlags(flags, table);
  }

  /** The block of the first drafts: two-byte interface id, and drops since the packet before. */
  #old(bytes: Uint8Array, view: DataView, start: number, end: number, table: PacketTable): void {
    const little = this.#littleEndian;
    const id = view.getUint16(start, little);
    const drops = view.getUint16(start + 2, little);
    const captured = view.getUint32(start + 12, little);
    const time = this.#time(id, view.getUint32(start + 4, little), view.getUint32(start + 8, little), table);
    const wire = view.getUint32(start + 16, little);
    if (!this.#packet(id, bytes, start + PACKET_FIXED, end, captured, wire, time, table)) return;
    const one = this.#interfaces[id];
    if (one !== undefined && drops !== DROPS_UNKNOWN) one.packetDrops += drops;
  }

  /** A simple packet has no time stamp; it is given its predecessor's. Its length follows from the snaplen. */
  #simple(bytes: Uint8Array, view: DataView, start: number, end: number, table: PacketTable): void {
    const wire = view.getUint32(start, this.#littleEndian);
    const data = start + SIMPLE_FIXED;
    const snaplen = this.#interfaces[0]?.facts.snaplen || MAX_RECORD_BYTES;
    const captured = Math.min(wire, snaplen, end - data);
    this.#packet(0, bytes, data, end, captured, wire, this.#lastTimeNs, table);
  }

  /** False when the packet was not written: unknown interface, unread link type, or a length past its block. */
  #packet(
    id: number,
    bytes: Uint8Array,
    data: number,
    end: number,
    captured: number,
    wire: number,
    timeNs: number,
    table: PacketTable,
  ): boolean {
    const one = this.#interfaces[id];
    if (one === undefined || captured > end - data) {
      this.#fail(
        one === undefined ? `names interface ${id}, which is not described` : 'holds less than it claims',
      );
      return false;
    }
    if (one.decoder === null) {
      this.#skipPacket(one);
      return false;
    }
    one.decoder.decode(bytes, data, captured, wire, timeNs, table);
    // A cooked header names the real interface; otherwise the description's place serves.
    const row = table.length - 1;
    if (table.ifindex[row] === 0) table.ifindex[row] = isLoopback(one) ? LOOPBACK : id + LOOPBACK + 1;
    return true;
  }

  /** Some interfaces of a mixed capture may be unreadable; all of them is an error. */
  #skipPacket(one: PcapngInterface): void {
    this.#skippedPackets++;
    if (this.#allInterfaces.some((other) => other.decoder !== null)) return;
    throw new BothendsError(
      'unsupported',
      `cannot read packets of ${linkTypeName(one.facts.linkType)}: capture on an Ethernet interface, or on "any"`,
    );
  }

  #time(id: number, high: number, low: number, table: PacketTable): number {
    const one = this.#interfaces[id];
    if (one === undefined) return 0;
    if (!one.started) {
      const ns = one.epochNs((BigInt(high) << 32n) | BigInt(low));
      this.#base ??= ns;
      table.baseNs = this.#base;
      one.start(high, low, Number(ns - this.#base));
    }
    this.#lastTimeNs = one.timeNs(high, low);
    return this.#lastTimeNs;
  }

  /** Later statistics of an interface replace earlier ones. */
  #statistics(body: Region): void {
    const { view, littleEndian, start, end } = body;
    const one = this.#interfaces[view.getUint32(start, littleEndian)];
    if (one === undefined) return;
    let drops: number | null = null;
    eachOption({ view, littleEndian, start: start + STATISTICS_FIXED, end }, (code, at, length) => {
      if (length !== 8) return;
      if (code === ISB.interfaceDrops || code === ISB.osDrops) drops = (drops ?? 0) + count64(body, at);
      else if (code === ISB.startTime) this.#openedNs ??= one.epochNs(ticks(body, at));
      else if (code === ISB.endTime) this.#closedNs = one.epochNs(ticks(body, at));
    });
    one.statedDrops = drops ?? one.statedDrops;
  }
}

function isPacket(type: number): boolean {
  return type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === PACKET;
}

function isKnown(type: number): boolean {
  return (
    isPacket(type) ||
    type === SECTION_HEADER ||
    type === INTERFACE_DESCRIPTION ||
    type === INTERFACE_STATISTICS
  );
}

/** Direction (bits 0-1) and reception type (bits 2-4) of an enhanced packet block, as a kernel packet type. */
function writeFlags(flags: number, table: PacketTable): void {
  const row = table.length - 1;
  const direction = flags & 3;
  if (direction === 2) table.packetType[row] = PacketType.outgoing;
  else if (direction === 1) table.packetType[row] = RECEPTION[(flags >>> 2) & 7] ?? PacketType.host;
}

/** Reception types: not specified, unicast, multicast, broadcast, promiscuous. */
const RECEPTION: readonly number[] = [
  PacketType.host,
  PacketType.host,
  PacketType.multicast,
  PacketType.broadcast,
  PacketType.otherHost,
];
