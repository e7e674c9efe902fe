import { closeSync, openSync, writeSync } from 'node:fs';
import { toBothendsError } from '@bothends/proto';
import {
  Block,
  interfaceDescription,
  interfaceStatistics,
  type Stamp,
  sectionHeader,
} from '@bothends/proto/pcapng/blocks';
import type { RawSink } from '../capture/raw-sink.js';
import type { TapStats } from '../capture/source.js';
import { VERSION } from '../version.js';

/** Written at once: a system call each millisecond at full load. */
const BUFFER_BYTES = 256 * 1024;
/** Of an enhanced packet block: header and fixed fields before the packet, total length behind it. */
const BEFORE = 28;
const AROUND = BEFORE + 4;
const WORD = 2 ** 32;
const HALF_WORD = 2 ** 16;
const NS_PER_S = 1e9;

export interface RawFileOptions {
  readonly path: string;
  /** Of the host, for who opens the file. */
  readonly agent: string;
  readonly captureId: string;
  readonly interface: string;
  readonly filter: string;
  /** Whether so many bytes more may be kept; false ends the file there. */
  readonly mayKeep: (bytes: number) => boolean;
}

/** The packets of one tap as they were captured, in a pcapng file that only its owner may read. */
export class RawFile implements RawSink {
  /** Why packets after some point are not in the file; empty: all are. */
  lacks = '';
  readonly #options: RawFileOptions;
  readonly #fd: number;
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #used = 0;
  #packets = 0;
  readonly #first: Stamp = { high: 0, low: 0 };
  readonly #last: Stamp = { high: 0, low: 0 };
  #closed = false;

  /** Appends to the file, which ends with a whole block or does not exist. Throws the system's error. */
  constructor(options: RawFileOptions) {
    this.#options = options;
    this.#fd = openSync(options.path, 'a', 0o600);
  }

  begin(linkType: number, snaplen: number): void {
    const { agent, captureId, interface: name, filter } = this.#options;
    const about = `Capture ${captureId}, the tap on ${agent}, kept as it was captured.`;
    this.#append(sectionHeader(`bothends ${VERSION}`, about));
    this.#append(interfaceDescription({ linkType, snaplen, name, filter, description: '', comment: '' }));
  }

  packet(
    seconds: number,
    nanoseconds: number,
    wireLength: number,
    bytes: Uint8Array,
    at: number,
    length: number,
  ): void {
    const padded = (length + 3) & ~3;
    const total = AROUND + padded;
    if (!this.#hasRoom(total)) return;
    const buffer = this.#buffer;
    const to = this.#used;
    setStamp(this.#last, seconds, nanoseconds);
    if (this.#packets === 0) setStamp(this.#first, seconds, nanoseconds);
    buffer.writeUInt32LE(Block.packet, to);
    buffer.writeUInt32LE(total, to + 4);
    buffer.writeUInt32LE(0, to + 8);
    buffer.writeUInt32LE(this.#last.high, to + 12);
    buffer.writeUInt32LE(this.#last.low, to + 16);
    buffer.writeUInt32LE(length, to + 20);
    buffer.writeUInt32LE(wireLength, to + 24);
    const data = to + BEFORE;
    for (let i = 0; i < length; i++) buffer[data + i] = bytes[at + i] as number;
    for (let i = length; i < padded; i++) buffer[data + i] = 0;
    buffer.writeUInt32LE(total, data + padded);
    this.#used += total;
    this.#packets++;
  }

  /** Brings to the file what came. */
  flush(): void {
    if (this.#used === 0 || this.#closed) return;
    const bytes = this.#buffer.subarray(0, this.#used);
    this.#used = 0;
    if (this.lacks !== '') return;
    if (!this.#options.mayKeep(bytes.length)) {
      this.end('the bytes that its policy lets this host keep were used up (maxRaw)');
      return;
    }
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    } catch (thrown) {
      this.end(`its disk did not take more: ${toBothendsError(thrown).message}`);
    }
  }

  /** Keeps nothing more. */
  end(why: string): void {
    if (this.lacks === '') this.lacks = `packets of the end are missing, because ${why}`;
  }

  /** @param stats of the tap at its end; null: it does not tell */
  close(stats: TapStats | null): void {
    if (this.#closed) return;
    if (stats !== null && this.#packets > 0 && this.lacks === '') {
      const { kernelDrops: dropped } = stats;
      const accepted = dropped === null ? null : this.#packets + dropped;
      const times = { start: this.#first, end: this.#last };
      this.#append(interfaceStatistics({ tap: 0, ...times, accepted, dropped, delivered: this.#packets }));
    }
    this.flush();
    this.#closed = true;
    closeSync(this.#fd);
  }

  #append(block: Uint8Array): void {
    if (!this.#hasRoom(block.length)) return;
    this.#buffer.set(block, this.#used);
    this.#used += block.length;
  }

  /** Makes room for a block; false when nothing more is kept. */
  #hasRoom(bytes: number): boolean {
    if (this.#used + bytes > this.#buffer.length) this.flush();
    if (bytes > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(bytes);
    return this.lacks === '' && !this.#closed;
  }
}

/** Epoch ns as two 32-bit halves, which hold what no float64 can, without a bigint for each packet. */
function setStamp(stamp: Stamp, seconds: number, nanoseconds: number): void {
  const upper = Math.floor(seconds / HALF_WORD) * NS_PER_S;
  const lower = (seconds % HALF_WORD) * NS_PER_S + nanoseconds;
  const low = (upper % HALF_WORD) * HALF_WORD + (lower % WORD);
  stamp.low = low % WORD;
  stamp.high = Math.floor(upper / HALF_WORD) + Math.floor(lower / WORD) + Math.floor(low / WORD);
}
