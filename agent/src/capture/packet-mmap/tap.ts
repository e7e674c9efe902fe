import { setTimeout as sleep } from 'node:timers/promises';
import { BothendsError, type PacketTable, toBothendsError } from '@bothends/proto';
import { TABLE_AGE_MS, type Tap, type TapStats } from '../source.js';
import { TableQueue } from '../table-queue.js';
import type { BlockReader } from './block-reader.js';
import { RETIRE_MS, type Ring } from './ring.js';

/** Tables in circulation: 8 MB, which rides out a consumer that pauses for a moment without touching the ring. */
const TABLES = 8;
/** Pause after reading: being woken for each block costs more than finding several at once. */
const PACE_MS = 5;
/** Less than TABLE_AGE_MS, because a packet has already waited in its block and for the next read. */
const FLUSH_MS = TABLE_AGE_MS - RETIRE_MS - PACE_MS;
/** Ten seconds for a slow consumer to take what a full ring holds; then the rest counts as dropped. */
const DRAIN_TRIES = 500;

/** What the tap has to know of the interface that it is bound to. */
export interface BoundInterface {
  readonly name: string;
  /** False once it was removed or went to another network namespace. */
  readonly exists: () => boolean;
}

/** A capture from a packet socket's ring in this process. */
export class PacketMmapTap implements Tap {
  readonly backEnd = 'packet-mmap';
  readonly timestamps = 'kernel';
  readonly ringBytes: number;
  readonly #ring: Ring;
  readonly #reader: BlockReader;
  readonly #interface: BoundInterface;
  readonly #queue = new TableQueue(TABLES, () => this.#resume());
  /** The consumer is behind: the ring fills, and then the kernel drops and counts. */
  #behind = false;
  #paced = false;
  #flushTimer: NodeJS.Timeout | null = null;
  #ending: Promise<void> | null = null;
  #agentDrops = 0;

  constructor(ring: Ring, reader: BlockReader, boundTo: BoundInterface) {
    this.#ring = ring;
    this.#reader = reader;
    this.#interface = boundTo;
    this.ringBytes = ring.bytes;
  }

  /** To be called by the ring when there is a block, or with the name of the socket's error. */
  readable(error: string | null): void {
    if (error !== null) this.#fault(error);
    this.#read();
    if (error === null) this.#pace();
  }

  async stats(): Promise<TapStats> {
    // An interface that goes down on its way out is reported by the socket once, when it still is there.
    if (!this.#interface.exists()) this.#fault('ENODEV');
    this.#ring.count();
    return this.#counted();
  }

  async close(): Promise<TapStats> {
    await this.#end(null);
    return this.#counted();
  }

  [Symbol.asyncIterator](): AsyncIterator<PacketTable> {
    return this.#queue[Symbol.asyncIterator]();
  }

  #counted(): TapStats {
    return {
      packets: this.#reader.rows,
      kernelDrops: this.#ring.counters.dropped,
      agentDrops: this.#agentDrops,
    };
  }

  #read(): void {
    if (this.#queue.ended) return;
    try {
      this.#fillTables();
    } catch (thrown) {
      void this.#end(toBothendsError(thrown));
    }
    if (this.#queue.pending > 0) this.#flushTimer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  #fillTables(): void {
    for (;;) {
      const table = this.#queue.filling();
      this.#behind = table === null;
      if (table === null) {
        this.#ring.watch(false);
        return;
      }
      if (this.#reader.read(table)) return;
    }
  }

  /** Lets blocks gather for a moment. */
  #pace(): void {
    if (this.#paced || this.#queue.ended) return;
    this.#paced = true;
    this.#ring.watch(false);
    setTimeout(() => {
      this.#paced = false;
      if (!this.#behind) this.#ring.watch(true);
    }, PACE_MS);
  }

  /**
   * There is room again. Not immediately, or a consumer and a full ring would starve everything else in this
   * process.
   */
  #resume(): void {
    if (!this.#behind) return;
    this.#behind = false;
    setImmediate(() => {
      if (this.#queue.ended) return;
      this.#ring.watch(true);
      this.#read();
    });
  }

  #flush(): void {
    this.#flushTimer = null;
    this.#queue.flush();
  }

  /** An interface that went down may come up again; one that is gone ends the capture. */
  #fault(error: string): void {
    const { name, exists } = this.#interface;
    const there = exists();
    if (there && error === 'ENETDOWN') {
      this.#ring.watch(true);
      return;
    }
    const why = there ? `its socket failed (${error})` : 'the interface is gone';
    void this.#end(new BothendsError('unavailable', `the capture on ${name} ended early: ${why}`));
  }

  /** Ends it once, after everything that came before; with an error if there is one. */
  #end(error: BothendsError | null): Promise<void> {
    this.#ending ??= this.#drain(error);
    return this.#ending;
  }

  async #drain(error: BothendsError | null): Promise<void> {
    this.#ring.refuseMore();
    for (let tries = 0; tries < DRAIN_TRIES; tries++) {
      // A block that is not full waits for its time to be over.
      if (this.#held() === 0) break;
      await sleep(RETIRE_MS);
      this.#read();
    }
    this.#agentDrops = this.#held();
    this.#ring.close();
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#queue.end(error);
  }

  /** Packets that the kernel put into the ring and that were not taken from it. */
  #held(): number {
    this.#ring.count();
    const { received, dropped } = this.#ring.counters;
    return received - dropped - this.#reader.taken;
  }
}
