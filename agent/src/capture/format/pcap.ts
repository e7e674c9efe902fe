import type { PacketTable } from '@bothends/proto';
import { Decoder } from '../../decode/decoder.js';
import type { TimeBase } from '../../decode/plain.js';
import { type CaptureFacts, MAX_RECORD_BYTES, type RecordParser } from './parser.js';

/** Byte offsets of a pcap file header (draft-ietf-opsawg-pcap). */
const SNAPLEN = 16;
const LINK_TYPE = 20;
const FILE_HEADER = 24;
/** The upper bits of the link type field state the length of a frame check sequence. */
const LINK_TYPE_MASK = 0xffff;

/** Byte offsets of a record header. */
const FRACTION = 4;
const CAPTURED_LENGTH = 8;
const WIRE_LENGTH = 12;
const RECORD_HEADER = 16;
/** Kuznetzov's variant (old Linux libpcap) adds interface index, protocol and packet type. */
const KUZNETZOV_HEADER = 24;
const KUZNETZOV_IFINDEX = 16;
const KUZNETZOV_PACKET_TYPE = 22;

const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;
const MAGIC_KUZNETZOV = 0xa1b2cd34;

const NS_PER_S = 1e9;

interface Header {
  readonly littleEndian: boolean;
  readonly tickNs: number;
  readonly recordHeader: number;
  readonly snaplen: number;
  readonly decoder: Decoder;
}

/** Parser of the classic pcap format, in any byte order and resolution; also reads what `tcpdump -w -` writes. */
export class PcapParser implements RecordParser {
  failure: string | null = null;
  readonly #digestKey: Uint8Array | null | undefined;
  readonly #portable: boolean;
  #header: Header | null = null;
  /** Time of the first packet, which all times count from. */
  #base: TimeBase | null = null;
  #baseNs = 0n;
  #packets = 0;

  /** `portable` as in DecoderOptions. */
  constructor(digestKey?: Uint8Array | null, portable = false) {
    this.#digestKey = digestKey;
    this.#portable = portable;
  }

  get facts(): CaptureFacts {
    const h = this.#header;
    const one = h && { name: null, linkType: h.decoder.linkType, snaplen: h.snaplen, filter: null };
    return {
      interfaces: one ? [one] : [],
      tickNs: h?.tickNs ?? 1,
      kernelDrops: null,
      openedNs: null,
      closedNs: null,
      skippedPackets: 0,
    };
  }

  parse(bytes: Uint8Array, at: number, end: number, table: PacketTable): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#header !== null) return this.#records(this.#header, bytes, view, at, end, table);
    if (end - at < FILE_HEADER) return at;
    this.#header = this.#readHeader(view, at);
    return this.#records(this.#header, bytes, view, at + FILE_HEADER, end, table);
  }

  #readHeader(view: DataView, at: number): Header {
    const little = view.getUint8(at) !== MAGIC_US >>> 24;
    const magic = view.getUint32(at, little);
    const options = this.#digestKey === undefined ? {} : { digestKey: this.#digestKey };
    return {
      littleEndian: little,
      tickNs: magic === MAGIC_NS ? 1 : 1000,
      recordHeader: magic === MAGIC_KUZNETZOV ? KUZNETZOV_HEADER : RECORD_HEADER,
      snaplen: view.getUint32(at + SNAPLEN, little),
      decoder: new Decoder({
        linkType: view.getUint32(at + LINK_TYPE, little) & LINK_TYPE_MASK,
        portable: this.#portable,
        ...options,
      }),
    };
  }

  #records(
    h: Header,
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    table: PacketTable,
  ): number {
    const { littleEndian, recordHeader, decoder } = h;
    const before = table.length;
    let at = start;
    table.baseNs = this.#baseNs;
    while (table.length < table.capacity && end - at >= recordHeader) {
      const plain = this.#plain(h, bytes, at, end, table);
      if (plain > at) {
        at = plain;
        continue;
      }
      const captured = view.getUint32(at + CAPTURED_LENGTH, littleEndian);
      if (captured > MAX_RECORD_BYTES) {
        const packet = this.#packets + table.length - before + 1;
        this.failure = `packet ${packet} claims ${captured} bytes, which cannot be: the data is damaged there`;
        break;
      }
      const data = at + recordHeader;
      if (end - data < captured) break;
      const time = this.#time(h, view, at, table);
      decoder.decode(bytes, data, captured, view.getUint32(at + WIRE_LENGTH, littleEndian), time, table);
      if (recordHeader === KUZNETZOV_HEADER) readKuznetzov(view, at, littleEndian, table);
      at = data + captured;
    }
    this.#packets += table.length - before;
    return at;
  }

  /** Takes a run of plain packets at once, where that can be; returns where it ends. */
  #plain(h: Header, bytes: Uint8Array, at: number, end: number, table: PacketTable): number {
    const { plain } = h.decoder;
    if (plain === null || this.#base === null || !h.littleEndian || h.recordHeader !== RECORD_HEADER)
      return at;
    return plain.pcap(bytes, at, end, table, this.#base, h.tickNs);
  }

  #time({ littleEndian, tickNs }: Header, view: DataView, at: number, table: PacketTable): number {
    const seconds = view.getUint32(at, littleEndian);
    const nanoseconds = view.getUint32(at + FRACTION, littleEndian) * tickNs;
    if (this.#base === null) {
      this.#base = { seconds, nanoseconds };
      this.#baseNs = BigInt(seconds) * BigInt(NS_PER_S) + BigInt(nanoseconds);
      table.baseNs = this.#baseNs;
    }
    return (seconds - this.#base.seconds) * NS_PER_S + (nanoseconds - this.#base.nanoseconds);
  }
}

function readKuznetzov(view: DataView, at: number, littleEndian: boolean, table: PacketTable): void {
  const row = table.length - 1;
  table.ifindex[row] = view.getInt32(at + KUZNETZOV_IFINDEX, littleEndian);
  table.packetType[row] = view.getUint8(at + KUZNETZOV_PACKET_TYPE);
}
