/**
 * Counts the open calls of each connection. HTTP/2 lets no connection exceed its limit, but tells nobody; here it
 * is noticed that one has reached it.
 */
export class OpenCalls {
  readonly #limit: number;
  readonly #open = new Map<string, number>();

  /** @param limit streams that a connection may have open */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Counts a call.
   * @param connection address and port of the peer
   * @returns whether it is the last one that there is room for
   */
  begin(connection: string): boolean {
    const open = (this.#open.get(connection) ?? 0) + 1;
    this.#open.set(connection, open);
    return open === this.#limit;
  }

  end(connection: string): void {
    const open = (this.#open.get(connection) ?? 0) - 1;
    if (open > 0) this.#open.set(connection, open);
    else this.#open.delete(connection);
  }
}
