import { BothendsError } from '@bothends/proto';
import type { RecordParser } from './format/parser.js';
import { Window } from './format/window.js';
import type { TableQueue } from './table-queue.js';

/** Node reads pipes in portions of this size; a portion may arrive while some of the one before is left. */
const CHUNK_BYTES = 64 * 1024;
const WINDOW_CHUNKS = 4;

/** Feeds a parser from a stream's chunks into a queue of tables. */
export class StreamFeed {
  /** Rows appended so far. */
  packets = 0;
  readonly #parser: RecordParser;
  readonly #queue: TableQueue;
  readonly #window = new Window(CHUNK_BYTES * WINDOW_CHUNKS);

  constructor(parser: RecordParser, queue: TableQueue) {
    this.#parser = parser;
    this.#queue = queue;
  }

  /** Bytes that no record was made of; at the end of the stream, a record that was cut. */
  get leftOver(): number {
    return this.#window.length;
  }

  /**
   * Takes a chunk. False when the consumer is behind: stop the stream, and call `drain` when there is room again.
   * Throws `data-loss` when the stream is not a capture any more.
   */
  push(chunk: Uint8Array): boolean {
    const added = this.#window.fill((into, offset, room) => {
      const fits = Math.min(room, chunk.length);
      into.set(chunk.subarray(0, fits), offset);
      return fits;
    });
    if (added < chunk.length)
      throw new BothendsError('internal', 'a chunk came although the stream was stopped');
    return this.drain();
  }

  /** Parses what is there; false when the consumer is behind. */
  drain(): boolean {
    for (;;) {
      const table = this.#queue.filling();
      if (table === null) return false;
      const before = table.length;
      this.#window.parse(this.#parser, table);
      this.packets += table.length - before;
      if (this.#parser.failure !== null) throw new BothendsError('data-loss', this.#parser.failure);
      if (table.length < table.capacity) return true;
    }
  }
}
