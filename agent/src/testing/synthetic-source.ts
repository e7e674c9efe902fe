import { BothendsError, Layer, type PacketTable } from '@bothends/proto';
import type { BackEndName, CaptureSource, OpenOptions, Probe, Tap, TapStats } from '../capture/source.js';
import { TableQueue } from '../capture/table-queue.js';

/** Tables that go round; tests push few. */
const TABLES = 8;

/** A capture for tests: packets come when the test says so, and so do drops and death. */
export class SyntheticTap implements Tap {
  readonly backEnd = 'tcpdump';
  readonly timestamps = 'kernel';
  readonly ringBytes = 0;
  /** null: cannot tell. */
  kernelDrops: number | null = 0;
  agentDrops = 0;
  closed = false;
  readonly options: OpenOptions;
  readonly #queue = new TableQueue(TABLES, () => undefined);
  #packets = 0;

  constructor(options: OpenOptions) {
    this.options = options;
  }

  /** UDP packets with these times (epoch ns), in one table. */
  push(times: readonly bigint[], marker = 0): void {
    for (const time of times) {
      const table = this.#queue.filling();
      if (!table) throw new Error('the consumer is behind');
      writeRow(table, time, marker);
      this.#packets++;
    }
    this.#queue.flush();
  }

  /** The capture ends by itself. */
  die(message: string): void {
    this.#queue.end(new BothendsError('unavailable', message));
  }

  async stats(): Promise<TapStats> {
    return { packets: this.#packets, kernelDrops: this.kernelDrops, agentDrops: this.agentDrops };
  }

  async close(): Promise<TapStats> {
    this.closed = true;
    this.#queue.end(null);
    return this.stats();
  }

  [Symbol.asyncIterator](): AsyncIterator<PacketTable> {
    return this.#queue[Symbol.asyncIterator]();
  }
}

/** Where the times of rows are counted from: all tables of a tap have the same base. */
const BASE_NS = 1_700_000_000_000_000_000n;

/** Of a packet, on the wire and captured. */
const BYTES = 60;

function writeRow(table: PacketTable, time: bigint, marker: number): void {
  const row = table.length++;
  table.baseNs = BASE_NS;
  table.time[row] = Number(time - BASE_NS);
  table.layer[row] = Layer.transport;
  table.wireLength[row] = BYTES;
  table.capturedLength[row] = BYTES;
  table.ipVersion[row] = 4;
  table.protocol[row] = 17;
  table.marker[row] = marker;
  // Of a DNS question, say.
  table.nameHigh[row] = 7;
}

/** Opens synthetic taps, or refuses to. */
export class SyntheticSource implements CaptureSource {
  readonly name: BackEndName;
  readonly taps: SyntheticTap[] = [];
  refusal: BothendsError | null = null;

  constructor(name: BackEndName = 'tcpdump') {
    this.name = name;
  }

  async probe(): Promise<Probe> {
    return { available: true, reason: '', version: 'synthetic 1' };
  }

  async open(options: OpenOptions): Promise<Tap> {
    if (this.refusal) throw this.refusal;
    const tap = new SyntheticTap(options);
    this.taps.push(tap);
    return tap;
  }
}
