import { Checksum, Layer, type PacketTable, PacketType } from '@bothends/proto';
import type { Cursor } from '../../decode/cursor.js';
import { Decoder } from '../../decode/decoder.js';
import { decodeEthernet, macDigest } from '../../decode/ethernet.js';
import { LinkType } from '../../decode/link.js';
import { decodeRawIp } from '../../decode/loopback.js';
import type { NameBook } from '../../decode/name-book.js';
import type { Next } from '../../decode/next.js';
import type { TimeBase } from '../../decode/plain.js';
import type { RawSink } from '../raw-sink.js';
import { ADDRESS, Address, Arphrd, Block, BlockStatus, FRAME_MAC, Frame, FrameStatus } from './layout.js';
import { COOKED_BYTES } from './program.js';
import { RawFrames } from './raw-frames.js';

const NS_PER_S = 1e9;
const MAC_BYTES = 6;
const VLAN_TAG_BYTES = 4;
const VID_MASK = 0x0fff;

export interface BlockReaderOptions {
  /** The ring: blocks one after the other. */
  readonly memory: ArrayBuffer;
  readonly blockBytes: number;
  /** LINKTYPE number that tcpdump would name: `cooked2` on `any`, where packets come without their link header. */
  readonly linkType: number;
  readonly snaplen: number;
  readonly digestKey: Uint8Array | null;
  /** As in DecoderOptions. */
  readonly portable?: boolean;
  /** As in `OpenOptions`. */
  readonly names?: NameBook | null;
  readonly raw?: RawSink | null;
}

/**
 * Walks the blocks of a ring as the kernel hands them over, decodes their packets where they lie, and gives each block
 * back. Rows are as from tcpdump on the same interface, but that each also has its interface and direction, and its VLAN.
 */
export class BlockReader {
  /** Rows appended so far. */
  rows = 0;
  /** Packets taken from the ring so far, those included that make no row. */
  taken = 0;
  readonly #words: Int32Array;
  readonly #unsigned: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #bytes: Uint8Array;
  readonly #wordsInBlock: number;
  readonly #decoder: Decoder;
  /** What is added to the lengths of a packet for the header that it would have in a file. */
  readonly #headerBytes: number;
  readonly #snaplen: number;
  /** Null where nobody takes the packets themselves. */
  readonly #raw: RawFrames | null;
  /** First word of the block whose turn it is. */
  #block = 0;
  /** Packets of that block to come, and the byte at which the next one begins. */
  #left = 0;
  #at = 0;
  /** Time of the first packet, which all times count from. */
  #base: TimeBase | null = null;
  #baseNs = 0n;

  /** Throws `unsupported` for a link type that is not read. */
  constructor(options: BlockReaderOptions) {
    const {
      memory,
      blockBytes,
      linkType,
      snaplen,
      digestKey,
      names = null,
      raw = null,
      portable = false,
    } = options;
    this.#words = new Int32Array(memory);
    this.#unsigned = new Uint32Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#wordsInBlock = blockBytes / 4;
    this.#headerBytes = linkType === LinkType.cooked2 ? COOKED_BYTES : 0;
    this.#snaplen = snaplen;
    this.#raw = raw && new RawFrames({ memory, linkType, snaplen }, raw);
    const after = AFTER_ADDRESS.get(linkType) ?? null;
    const link = after && ((c: Cursor) => this.#decodeAddress(c, after));
    const key = digestKey === null ? {} : { digestKey };
    this.#decoder = new Decoder({ linkType, portable, names, ...key, ...(link === null ? {} : { link }) });
  }

  /** Appends rows until the kernel has no more blocks for us; false when the table became full before that. */
  read(table: PacketTable): boolean {
    table.baseNs = this.#baseNs;
    for (;;) {
      if (this.#left === 0 && !this.#enterBlock()) return true;
      this.#readBlock(table);
      if (this.#left > 0) return false;
      this.#leaveBlock();
    }
  }

  #enterBlock(): boolean {
    const words = this.#words;
    const block = this.#block;
    // Atomic, so that what the kernel wrote before its status is seen after it.
    const status = Atomics.load(words, block + Block.status);
    if ((status & BlockStatus.user) === 0) return false;
    this.#left = words[block + Block.packets];
    this.#at = block * 4 + words[block + Block.firstPacket];
    return true;
  }

  #leaveBlock(): void {
    Atomics.store(this.#words, this.#block + Block.status, BlockStatus.kernel);
    this.#block += this.#wordsInBlock;
    if (this.#block === this.#words.length) this.#block = 0;
  }

  #readBlock(table: PacketTable): void {
    const words = this.#unsigned;
    const { capacity } = table;
    let at = this.#at;
    let left = this.#left;
    const before = left;
    const rowsBefore = table.length;
    const { plain } = this.#decoder;
    const first = at;
    while (left > 0 && table.length < capacity) {
      if (plain !== null && this.#base !== null) {
        plain.ring(this.#bytes, at, left, table, this.#base, this.#headerBytes, this.#snaplen);
        ({ at, left } = plain);
        if (left === 0 || table.length === capacity) break;
      }
      this.#at = at;
      this.#readFrame(at, table);
      at += words[(at >> 2) + Frame.next];
      left--;
    }
    // Apart, so that it costs nothing where nobody takes them.
    if (this.#raw !== null) this.#passFrames(this.#raw, first, before - left);
    this.#at = at;
    this.#left = left;
    this.taken += before - left;
    this.rows += table.length - rowsBefore;
  }

  #passFrames(raw: RawFrames, first: number, count: number): void {
    let at = first;
    for (let i = 0; i < count; i++) {
      if (!this.#isSeenTwice(at)) raw.pass(at);
      at += this.#unsigned[(at >> 2) + Frame.next];
    }
  }

  #readFrame(at: number, table: PacketTable): void {
    if (this.#isSeenTwice(at)) return;
    const words = this.#unsigned;
    const word = at >> 2;
    const seconds = words[word + Frame.seconds];
    const nanoseconds = words[word + Frame.nanoseconds];
    this.#base ??= this.#startAt(seconds, nanoseconds, table);
    const time = (seconds - this.#base.seconds) * NS_PER_S + (nanoseconds - this.#base.nanoseconds);
    const data = at + this.#halves[(at >> 1) + FRAME_MAC];
    this.#decoder.decode(
      this.#bytes,
      data,
      words[word + Frame.captured],
      words[word + Frame.wire],
      time,
      table,
    );
    this.#finishRow(table, words[word + Frame.status], words[word + Frame.vlanTci]);
  }

  /** What goes out on the loopback interface comes in there again. */
  #isSeenTwice(at: number): boolean {
    const address = at + ADDRESS;
    return (
      this.#bytes[address + Address.packetType] === PacketType.outgoing &&
      this.#halves[(address + Address.hardwareType) >> 1] === Arphrd.loopback
    );
  }

  #startAt(seconds: number, nanoseconds: number, table: PacketTable): TimeBase {
    this.#baseNs = BigInt(seconds) * BigInt(NS_PER_S) + BigInt(nanoseconds);
    table.baseNs = this.#baseNs;
    return { seconds, nanoseconds };
  }

  /** The decoder's link header: the frame's address, then whatever header the packet itself has. */
  #decodeAddress(c: Cursor, next: (c: Cursor, address: number) => Next): Next {
    const address = this.#at + ADDRESS;
    c.table.ifindex[c.row] = this.#words[(address + Address.ifindex) >> 2];
    c.table.packetType[c.row] = this.#bytes[address + Address.packetType];
    return next(c, address);
  }

  /** What the kernel knows of a packet beside its bytes. */
  #finishRow(table: PacketTable, status: number, vlanTci: number): void {
    const row = table.length - 1;
    let added = this.#headerBytes;
    if ((status & FrameStatus.vlanValid) !== 0) {
      // The outermost tag, which the kernel has taken out; what the decoder met was behind it.
      table.vlan[row] = vlanTci & VID_MASK;
      if (added === 0) added = VLAN_TAG_BYTES;
    }
    if (added > 0) {
      table.wireLength[row] += added;
      table.capturedLength[row] = Math.min(table.capturedLength[row] + added, this.#snaplen);
    }
    // The opposite flag is not used: virtual network cards vouch for sums that nobody made.
    if ((status & FrameStatus.checksumNotReady) !== 0 && isUnproven(table.checksum[row]))
      table.checksum[row] = Checksum.partial;
  }
}

function isUnproven(checksum: number): boolean {
  return checksum === Checksum.unknown || checksum === Checksum.bad;
}

/** How a packet goes on behind its address, by link type. */
const AFTER_ADDRESS: ReadonlyMap<number, (c: Cursor, address: number) => Next> = new Map([
  [LinkType.ethernet, decodeEthernet],
  [LinkType.raw, decodeRawIp],
  [LinkType.cooked2, decodeDatagram],
]);

/** A packet without its link header: the address says what it is and who sent it. */
function decodeDatagram(c: Cursor, address: number): Next {
  const { view, table, row } = c;
  c.layer = Layer.link;
  if (view.getUint8(address + Address.length) === MAC_BYTES)
    table.sourceMac[row] = macDigest(c, address + Address.bytes);
  const hardware = view.getUint16(address + Address.hardwareType, LITTLE_ENDIAN);
  if (hardware === Arphrd.netlink) return c.unsupported();
  return view.getUint16(address + Address.protocol);
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
