import type { PacketTable } from '@bothends/proto';
import { MAX_RECORD_BYTES, type RecordParser } from './parser.js';

/** Bytes on their way from a file or stream into a parser: what was read and not yet consumed. */
export class Window {
  readonly #bytes: Uint8Array;
  #start = 0;
  #end = 0;

  /** `readBytes`: what is added at once. A whole record always fits behind what is left of the one before. */
  constructor(readBytes: number) {
    this.#bytes = new Uint8Array(readBytes + MAX_RECORD_BYTES + 64);
  }

  /** Bytes not consumed. */
  get length(): number {
    return this.#end - this.#start;
  }

  get unconsumed(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** Forgets what was not consumed. */
  clear(): void {
    this.#start = 0;
    this.#end = 0;
  }

  /** Makes room and lets `read` fill it: it gets the buffer, an offset and the room there, and returns what it added. */
  fill(read: (into: Uint8Array, offset: number, room: number) => number): number {
    this.#bytes.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    const added = read(this.#bytes, this.#end, this.#bytes.length - this.#end);
    this.#end += added;
    return added;
  }

  /** Lets the parser take what it can. */
  parse(parser: RecordParser, table: PacketTable): void {
    this.#start = parser.parse(this.#bytes, this.#start, this.#end, table);
  }
}
