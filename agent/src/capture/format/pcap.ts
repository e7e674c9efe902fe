import type { PacketTable } from '@bothends/proto';
import { Decoder } from '../../decode/decoder.js';
import type { NameBook } from '../../decode/name-book.js';
import type { TimeBase } from '../../decode/plain.js';
import type { RawSink } from '../raw-sink.js';
import { type CaptureFacts, MAX_RECORD_BYTES, type PacketRun, type RecordParser } from './parser.js';

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

/** Who else takes something of the packets, as in `OpenOptions`; and `portable` as in `DecoderOptions`. */
export interface PcapExtras {
  readonly names?: NameBook | null;
  readonly raw?: RawSink | null;
  readonly portable?: boolean;
}

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
  readonly #names: NameBook | null;
  readonly #raw: RawSink | null;
  #header: Header | null = null;
  /** Time of the first packet, which all times count from. */
  #base: TimeBase | null = null;
  #baseNs = 0n;
  #packets = 0;

  constructor(
    digestKey?: Uint8Array | null,
    { names = null, raw = null, portable = false }: PcapExtras = {},
  ) {
    this.#digestKey = digestKey;
    this.#portable = portable;
    this.#names = names;
    this.#raw = raw;
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

  get run(): PacketRun | null {
    const h = this.#header;
    const plain = h && plainOf(h);
    if (!plain || this.#base === null) return null;
    return { plain, baseNs: this.#baseNs, clock: { isPcapng: false, tickNs: h.tickNs, ...this.#base } };
  }

  passed(packets: number): void {
    this.#packets += packets;
  }

  parse(bytes: Uint8Array, at: number, end: number, table: PacketTable): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = at;
    if (this.#header === null) {
      if (end - at < FILE_HEADER) return at;
      this.#header = this.#readHeader(view, at);
      this.#raw?.begin(this.#header.decoder.linkType, this.#header.snaplen);
      from += FILE_HEADER;
    }
    const to = this.#records(this.#header, bytes, view, from, end, table);
    // Apart, so that it costs nothing where nobody takes them.
    if (this.#raw !== null) passRecords(this.#header, bytes, view, from, to, this.#raw);
    return to;
  }

  #readHeader(view: DataView, at: number): Header {
    const little = view.getUint8(at) !== MAGIC_US >>> 24;
    const magic = view.getUint32(at, little);
    const linkType = view.getUint32(at + LINK_TYPE, little) & LINK_TYPE_MASK;
    const options = this.#digestKey === undefined ? {} : { digestKey: this.#digestKey };
    return {
      littleEndian: little,
      tickNs: magic === MAGIC_NS ? 1 : 1000,
      recordHeader: magic === MAGIC_KUZNETZOV ? KUZNETZOV_HEADER : RECORD_HEADER,
      snaplen: view.getUint32(at + SNAPLEN, little),
      decoder: new Decoder({ linkType, portable: this.#portable, names: this.#names, ...options }),
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
    const plain = plainOf(h);
    if (plain === null || this.#base === null) return at;
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

/** What decodes plain packets; null where their records are not as it knows them. */
function plainOf({ decoder, littleEndian, recordHeader }: Header) {
  return littleEndian && recordHeader === RECORD_HEADER ? decoder.plain : null;
}

/** Hands on the whole records of bytes[from, to). */
function passRecords(
  { littleEndian, recordHeader, tickNs }: Header,
  bytes: Uint8Array,
  view: DataView,
  from: number,
  to: number,
  raw: RawSink,
): void {
  for (let at = from; at < to; ) {
    const captured = view.getUint32(at + CAPTURED_LENGTH, littleEndian);
    const data = at + recordHeader;
    raw.packet(
      view.getUint32(at, littleEndian),
      view.getUint32(at + FRACTION, littleEndian) * tickNs,
      view.getUint32(at + WIRE_LENGTH, littleEndian),
      bytes,
      data,
      captured,
    );
    at = data + captured;
  }
}

function readKuznetzov(view: DataView, at: number, littleEndian: boolean, table: PacketTable): void {
  const row = table.length - 1;
  table.ifindex[row] = view.getInt32(at + KUZNETZOV_IFINDEX, littleEndian);
  table.packetType[row] = view.getUint8(at + KUZNETZOV_PACKET_TYPE);
}
