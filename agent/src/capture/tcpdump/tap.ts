import { setTimeout as sleep } from 'node:timers/promises';
import { type BothendsError, type PacketTable, toBothendsError } from '@bothends/proto';
import { deathOf } from '../failure.js';
import { PcapParser } from '../format/pcap.js';
import { type OpenOptions, TABLE_AGE_MS, type Tap, type TapStats } from '../source.js';
import { StreamFeed } from '../stream-feed.js';
import { TableQueue } from '../table-queue.js';
import { describeEnding, type Ending } from './launch.js';
import type { TcpdumpProcess } from './process.js';

/** Tables in circulation: 8 MB, which rides out a consumer that pauses for 100 ms at 300 000 packets/s. */
const TABLES = 8;
/** What Node reads at once; a shorter portion has emptied the pipe. */
const READ_BYTES = 64 * 1024;
/**
 * Then reading waits: tcpdump writes each packet by itself, and to be woken for each costs both sides more than all the
 * rest. Less than half of what a large pipe holds at 500 000 packets/s.
 */
const PACE_MS = 4;
/** tcpdump answers SIGUSR1 between two packets; one that is blocked on a slow consumer does not. */
const COUNTERS_MS = 1_000;
/** A full ring of 64 MB takes tcpdump half a second to read, a slow consumer longer. */
const RING_PAUSE_MS = 20;
const RING_TRIES = 100;
/** After this a tcpdump that does not finish is killed: it has only its last buffer to write. */
const FINISH_MS = 5_000;

/** A capture by a tcpdump process that writes pcap to a pipe. */
export class TcpdumpTap implements Tap {
  readonly backEnd = 'tcpdump';
  readonly timestamps = 'kernel';
  readonly ringBytes: number;
  readonly #process: TcpdumpProcess;
  readonly #interface: string;
  readonly #queue = new TableQueue(TABLES, () => this.#resume());
  readonly #feed: StreamFeed;
  readonly #flushed: Promise<void>;
  #flushTimer: NodeJS.Timeout | null = null;
  /** The consumer is behind. */
  #stopped = false;
  #paced = false;
  #closing = false;

  constructor(process: TcpdumpProcess, options: OpenOptions) {
    this.#process = process;
    this.#interface = options.interface;
    this.ringBytes = options.bufferBytes;
    this.#feed = new StreamFeed(new PcapParser(options.digestKey ?? undefined, options), this.#queue);
    process.stdout.on('data', (chunk: Uint8Array) => {
      this.#take(() => this.#feed.push(chunk));
      if (process.roomy && chunk.length < READ_BYTES) this.#pace();
    });
    this.#flushed = process.ended.then((ending) => this.#finish(ending));
  }

  async stats(): Promise<TapStats> {
    if (!this.#queue.ended) await this.#process.askCounters(COUNTERS_MS);
    return this.#counted();
  }

  async close(): Promise<TapStats> {
    this.#closing = true;
    await this.#emptyRing();
    this.#process.interrupt();
    const timer = setTimeout(() => this.#process.kill(), FINISH_MS);
    await this.#flushed;
    clearTimeout(timer);
    return this.#counted();
  }

  /** tcpdump leaves what is in the ring when it is told to finish: wait until it has read what came before `close`. */
  async #emptyRing(): Promise<void> {
    await this.#process.askCounters(COUNTERS_MS);
    const { received } = this.#process.counters;
    for (let tries = 0; tries < RING_TRIES && !this.#queue.ended; tries++) {
      const { captured, dropped } = this.#process.counters;
      if ((captured ?? 0) + (dropped ?? 0) >= (received ?? 0)) return;
      await sleep(RING_PAUSE_MS);
      await this.#process.askCounters(COUNTERS_MS);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<PacketTable> {
    return this.#queue[Symbol.asyncIterator]();
  }

  /** Parses with the stream stopped when the consumer is behind, and sees to it that no row waits long. */
  #take(parse: () => boolean): void {
    try {
      this.#stopped = !parse();
    } catch (thrown) {
      this.#queue.end(toBothendsError(thrown));
      this.#process.kill();
      return;
    }
    this.#flow();
    if (this.#queue.pending > 0) this.#flushTimer ??= setTimeout(() => this.#flush(), TABLE_AGE_MS);
  }

  /** Lets the pipe fill for a moment. */
  #pace(): void {
    if (this.#paced) return;
    this.#paced = true;
    this.#flow();
    setTimeout(() => {
      this.#paced = false;
      this.#flow();
    }, PACE_MS);
  }

  #flow(): void {
    const { stdout } = this.#process;
    const hold = this.#stopped || this.#paced;
    if (hold !== stdout.isPaused()) hold ? stdout.pause() : stdout.resume();
  }

  #resume(): void {
    if (this.#stopped) this.#take(() => this.#feed.drain());
  }

  #flush(): void {
    this.#flushTimer = null;
    this.#queue.flush();
  }

  #finish(ending: Ending): void {
    if (this.#flushTimer !== null) clearTimeout(this.#flushTimer);
    this.#queue.end(this.#closing ? null : this.#death(ending));
  }

  /** It drops nothing itself: when the consumer is behind tcpdump waits, and then the kernel drops. */
  #counted(): TapStats {
    return { packets: this.#feed.packets, kernelDrops: this.#process.counters.dropped, agentDrops: 0 };
  }

  #death(ending: Ending): BothendsError {
    return deathOf(this.#interface, describeEnding(ending), this.#process.messages);
  }
}
