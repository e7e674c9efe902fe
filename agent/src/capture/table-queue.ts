import { PacketTable } from '@bothends/proto';

/**
 * Tables between a producer that is called and a consumer that iterates. A few tables go round: one is being filled,
 * some wait, one is with the consumer. When all are used up the producer has to wait for `onRoom`.
 */
export class TableQueue implements AsyncIterable<PacketTable> {
  readonly #onRoom: () => void;
  readonly #free: PacketTable[] = [];
  /** Tables that may still be made: in light traffic two are enough. */
  #unmade: number;
  readonly #ready: PacketTable[] = [];
  #filling: PacketTable | null = null;
  #taken: PacketTable | null = null;
  #waiting: (() => void) | null = null;
  #end: { readonly error: Error | null } | null = null;

  /** `tables` bounds the memory: about a megabyte each. `onRoom` is called when a producer may go on. */
  constructor(tables: number, onRoom: () => void) {
    this.#onRoom = onRoom;
    this.#unmade = tables;
  }

  /** The table to append to, which has room for a row; null when the consumer is behind. */
  filling(): PacketTable | null {
    if (this.#filling !== null && this.#filling.length === this.#filling.capacity) this.flush();
    if (this.#filling === null) {
      this.#filling = this.#free.pop() ?? this.#make();
      if (this.#filling !== null) this.#filling.length = 0;
    }
    return this.#filling;
  }

  /** Rows that were appended and not flushed. */
  get pending(): number {
    return this.#filling?.length ?? 0;
  }

  /** Hands what was appended to the consumer. */
  flush(): void {
    if (this.#filling === null || this.#filling.length === 0) return;
    this.#ready.push(this.#filling);
    this.#filling = null;
    this.#wake();
  }

  /** No more rows will come; the iteration ends, with `error` if there is one, after those that did. */
  end(error: Error | null): void {
    this.flush();
    this.#end ??= { error };
    this.#wake();
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<PacketTable, void, undefined> {
    for (;;) {
      const table = this.#ready.shift();
      if (table !== undefined) {
        this.#taken = table;
        yield table;
        this.#giveBack();
      } else if (this.#end !== null) {
        if (this.#end.error !== null) throw this.#end.error;
        return;
      } else {
        await new Promise<void>((resolve) => {
          this.#waiting = resolve;
        });
      }
    }
  }

  #make(): PacketTable | null {
    if (this.#unmade === 0) return null;
    this.#unmade--;
    return new PacketTable();
  }

  #giveBack(): void {
    if (this.#taken === null) return;
    this.#free.push(this.#taken);
    this.#taken = null;
    this.#onRoom();
  }

  #wake(): void {
    this.#waiting?.();
    this.#waiting = null;
  }
}
