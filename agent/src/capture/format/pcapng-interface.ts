import { Decoder } from '../../decode/decoder.js';
import { isSupportedLinkType } from '../../decode/link.js';
import type { InterfaceClock } from '../../decode/plain.js';
import type { InterfaceFacts } from './parser.js';
import { eachOption, type Region, text } from './pcapng-options.js';

/** Options of an interface description block. */
const IF_NAME = 2;
const IF_TSRESOL = 9;
const IF_FILTER = 11;
const IF_TSOFFSET = 14;
/** Fixed part of the block's body: link type, reserved, snaplen. */
const SNAPLEN = 4;
const FIXED = 8;

const DEFAULT_RESOLUTION = 6;
const BINARY_RESOLUTION = 0x80;
const WORD = 0x1_0000_0000;

/** One interface of a section: its decoder and its clock. */
export class PcapngInterface implements InterfaceClock {
  readonly facts: InterfaceFacts;
  /** null for a link type that is not read. */
  readonly decoder: Decoder | null;
  readonly tickNs: number;
  /** Drops that statistics blocks stated last, and that packet blocks stated in sum. */
  statedDrops: number | null = null;
  packetDrops = 0;
  readonly #ticksPerSecond: bigint;
  readonly #offsetSeconds: bigint;
  /** Number in its section. */
  readonly id: number;
  /** Ticks of this interface's first packet, and its time on the file's time line. */
  baseHigh = -1;
  baseLow = 0;
  baseNs = 0;

  /** `body` spans the block's body; `portable` as in DecoderOptions. */
  constructor(id: number, body: Region, digestKey: Uint8Array | null | undefined, portable: boolean) {
    this.id = id;
    const { view, littleEndian, start, end } = body;
    let name: string | null = null;
    let filter: string | null = null;
    let resolution = DEFAULT_RESOLUTION;
    let offset = 0n;
    eachOption({ view, littleEndian, start: start + FIXED, end }, (code, at, length) => {
      if (code === IF_NAME) name = text(body, at, length);
      // The first byte of a filter tells its kind; 0 is a pcap filter string.
      else if (code === IF_FILTER && length > 1 && view.getUint8(at) === 0)
        filter = text(body, at + 1, length - 1);
      else if (code === IF_TSRESOL && length === 1) resolution = view.getUint8(at);
      else if (code === IF_TSOFFSET && length === 8) offset = view.getBigInt64(at, littleEndian);
    });
    const linkType = view.getUint16(start, littleEndian);
    this.facts = { name, linkType, snaplen: view.getUint32(start + SNAPLEN, littleEndian), filter };
    this.#offsetSeconds = offset;
    const exponent = BigInt(resolution & ~BINARY_RESOLUTION);
    this.#ticksPerSecond = (resolution & BINARY_RESOLUTION) === 0 ? 10n ** exponent : 2n ** exponent;
    this.tickNs = 1e9 / Number(this.#ticksPerSecond);
    const options = digestKey === undefined ? { portable } : { portable, digestKey };
    this.decoder = isSupportedLinkType(linkType) ? new Decoder({ linkType, ...options }) : null;
  }

  /** Epoch ns of a time stamp. */
  epochNs(stamp: bigint): bigint {
    return this.#offsetSeconds * 1_000_000_000n + (stamp * 1_000_000_000n) / this.#ticksPerSecond;
  }

  get started(): boolean {
    return this.baseHigh >= 0;
  }

  /** The first packet's time stamp, and its ns on the file's time line. */
  start(high: number, low: number, timeNs: number): void {
    this.baseHigh = high;
    this.baseLow = low;
    this.baseNs = timeNs;
  }

  /** ns on the file's time line; exact while this interface's packets lie within 104 days. */
  timeNs(high: number, low: number): number {
    const elapsed = (high - this.baseHigh) * WORD + (low - this.baseLow);
    return this.baseNs + Math.round(elapsed * this.tickNs);
  }
}
