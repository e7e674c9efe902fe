import type { Sink } from '../io.js';

/** A block of lines on a terminal that is redrawn in place. Lines must fit the terminal's width. */
export class LiveBlock {
  readonly #sink: Sink;
  #height = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  /** Replaces the block. */
  draw(lines: readonly string[]): void {
    this.#sink.write(`${this.#erase()}${lines.map((line) => `${line}\n`).join('')}`);
    this.#height = lines.length;
  }

  /** Prints lines that stay, above the block's next drawing. */
  print(text: string): void {
    this.#sink.write(`${this.#erase()}${text}\n`);
    this.#height = 0;
  }

  /** Cursor to the block's first line, and everything below it cleared (ECMA-48 CPL and ED). */
  #erase(): string {
    return this.#height === 0 ? '' : `\u001b[${this.#height}F\u001b[0J`;
  }
}
