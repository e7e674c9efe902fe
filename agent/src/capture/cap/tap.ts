import type { PacketTable } from '@bothends/proto';
import type { Decoder } from '../../decode/decoder.js';
import { type OpenOptions, TABLE_AGE_MS, type Tap, type TapStats } from '../source.js';
import { TableQueue } from '../table-queue.js';
import type { NativeCapture } from './native.js';

/** Tables in circulation, 8 MB: libpcap hands over whole bursts before anything else gets to run. */
const TABLES = 8;

/** Reads clocks at the edge; replaced in tests. */
export interface CaptureClock {
  /** Epoch ns. */
  epochNs(): bigint;
  /** ns of a clock that is never set. */
  monotonicNs(): number;
}

/** A capture by libpcap in this process. Rows are time-stamped on delivery; what the kernel dropped is not known. */
export class CapTap implements Tap {
  readonly backEnd = 'cap';
  readonly timestamps = 'user';
  readonly ringBytes: number;
  readonly #native: NativeCapture;
  /** libpcap keeps a raw pointer to it: the listener keeps this object, and with it the buffer, alive until `close`. */
  readonly #buffer: Buffer;
  readonly #snaplen: number;
  readonly #clock: CaptureClock;
  readonly #queue = new TableQueue(TABLES, () => {});
  readonly #baseNs: bigint;
  readonly #startNs: number;
  #decoder: Decoder | null = null;
  #packets = 0;
  #agentDrops = 0;
  /** Time of the oldest row that was not handed over, on the tap's time line. */
  #oldestNs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    native: NativeCapture,
    buffer: Buffer,
    options: Pick<OpenOptions, 'snaplen' | 'bufferBytes'>,
    clock: CaptureClock,
  ) {
    this.#native = native;
    this.#buffer = buffer;
    this.#snaplen = options.snaplen;
    this.ringBytes = options.bufferBytes;
    this.#clock = clock;
    this.#baseNs = clock.epochNs();
    this.#startNs = clock.monotonicNs();
    native.on('packet', (bytes) => this.#take(bytes));
  }

  /** Packets come only after the event loop has turned, so the decoder is there in time. */
  decodeWith(decoder: Decoder): void {
    this.#decoder = decoder;
  }

  async stats(): Promise<TapStats> {
    return this.#counted();
  }

  async close(): Promise<TapStats> {
    if (this.#queue.ended) return this.#counted();
    this.#native.close();
    this.#native.removeAllListeners('packet');
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#queue.end(null);
    return this.#counted();
  }

  [Symbol.asyncIterator](): AsyncIterator<PacketTable> {
    return this.#queue[Symbol.asyncIterator]();
  }

  #counted(): TapStats {
    return { packets: this.#packets, kernelDrops: null, agentDrops: this.#agentDrops };
  }

  #take(bytes: number): void {
    const table = this.#queue.filling();
    const decoder = this.#decoder;
    if (table === null || decoder === null) {
      this.#agentDrops++;
      return;
    }
    const time = this.#clock.monotonicNs() - this.#startNs;
    table.baseNs = this.#baseNs;
    if (table.length === 0) this.#startTable(time);
    decoder.decode(this.#buffer, 0, Math.min(bytes, this.#snaplen), bytes, time, table);
    this.#packets++;
    // Under load libpcap's loop starves timers, so the age is looked at here too.
    if (time - this.#oldestNs >= TABLE_AGE_MS * 1e6) this.#queue.flush();
  }

  #startTable(time: number): void {
    this.#oldestNs = time;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#queue.flush();
    }, TABLE_AGE_MS);
  }
}
