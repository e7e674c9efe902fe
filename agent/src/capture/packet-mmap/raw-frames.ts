import { LinkType } from '../../decode/link.js';
import type { RawSink } from '../raw-sink.js';
import { ADDRESS, Address, FRAME_MAC, FRAME_VLAN_TPID, Frame, FrameStatus } from './layout.js';
import { COOKED_BYTES } from './program.js';

/** Both link addresses of an Ethernet header; a VLAN tag comes behind them. */
const ADDRESSES_BYTES = 12;
const VLAN_TAG_BYTES = 4;
/** TPID of a tag whose own the kernel did not keep. */
const VLAN_TPID = 0x8100;

export interface RawFramesOptions {
  readonly memory: ArrayBuffer;
  readonly linkType: number;
  readonly snaplen: number;
}

/**
 * Gives the packets of a ring to a sink as tcpdump would write them: with the VLAN tag that the kernel took out back in its
 * place, and on `any` behind a cooked header, version 2.
 */
export class RawFrames {
  readonly #sink: RawSink;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #words: Uint32Array;
  readonly #halves: Uint16Array;
  readonly #snaplen: number;
  /** Bytes that are put before each packet. */
  readonly #headerBytes: number;
  readonly #isEthernet: boolean;
  /** The packet as it is handed on. */
  readonly #packet: Uint8Array;
  readonly #packetView: DataView;

  constructor({ memory, linkType, snaplen }: RawFramesOptions, sink: RawSink) {
    this.#sink = sink;
    this.#bytes = new Uint8Array(memory);
    this.#view = new DataView(memory);
    this.#words = new Uint32Array(memory);
    this.#halves = new Uint16Array(memory);
    this.#snaplen = snaplen;
    this.#headerBytes = linkType === LinkType.cooked2 ? COOKED_BYTES : 0;
    this.#isEthernet = linkType === LinkType.ethernet;
    this.#packet = new Uint8Array(snaplen);
    this.#packetView = new DataView(this.#packet.buffer);
    sink.begin(linkType, snaplen);
  }

  /** The frame at a byte of the ring. */
  pass(at: number): void {
    const words = this.#words;
    const word = at >> 2;
    const tagged = this.#isEthernet && (words[word + Frame.status] & FrameStatus.vlanValid) !== 0;
    const added = tagged ? VLAN_TAG_BYTES : this.#headerBytes;
    const data = at + this.#halves[(at >> 1) + FRAME_MAC];
    const length = Math.min(words[word + Frame.captured] + added, this.#snaplen);
    const head = tagged ? ADDRESSES_BYTES : 0;
    const rest = Math.max(length - head - added, 0);
    this.#copy(data, 0, head);
    if (tagged) this.#writeTag(at, word);
    else if (added > 0) this.#writeCookedHeader(at + ADDRESS);
    this.#copy(data + head, head + added, rest);
    const wire = words[word + Frame.wire] + added;
    const seconds = words[word + Frame.seconds];
    const nanoseconds = words[word + Frame.nanoseconds];
    this.#sink.packet(seconds, nanoseconds, wire, this.#packet, 0, length);
  }

  /** Byte by byte: a view of them would be an object for each packet. */
  #copy(from: number, to: number, length: number): void {
    const source = this.#bytes;
    const target = this.#packet;
    for (let i = 0; i < length; i++) target[to + i] = source[from + i] as number;
  }

  #writeTag(at: number, word: number): void {
    const known = (this.#words[word + Frame.status] & FrameStatus.vlanTpidValid) !== 0;
    const tpid = known ? this.#halves[(at >> 1) + FRAME_VLAN_TPID] : VLAN_TPID;
    this.#packetView.setUint16(ADDRESSES_BYTES, tpid);
    this.#packetView.setUint16(ADDRESSES_BYTES + 2, this.#words[word + Frame.vlanTci]);
  }

  /** LINKTYPE_LINUX_SLL2, in network byte order, from a `struct sockaddr_ll`, which is in the host's. */
  #writeCookedHeader(address: number): void {
    const from = this.#view;
    const to = this.#packetView;
    to.setUint16(0, from.getUint16(address + Address.protocol));
    to.setUint16(2, 0);
    to.setUint32(4, this.#words[(address + Address.ifindex) >> 2]);
    to.setUint16(8, this.#halves[(address + Address.hardwareType) >> 1]);
    to.setUint8(10, from.getUint8(address + Address.packetType));
    to.setUint8(11, from.getUint8(address + Address.length));
    for (let i = 0; i < 8; i++) to.setUint8(12 + i, from.getUint8(address + Address.bytes + i));
  }
}
