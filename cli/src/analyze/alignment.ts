import type { PacketTable } from '@bothends/proto';
import { contentOf, isSampled } from './content.js';

/**
 * One packet in this many is remembered. Content decides which, so that the same packets are remembered of both
 * files; a few in each table are enough.
 */
const SAMPLED = 256;
/** Packets remembered of each file: about the last half million. */
const REMEMBERED = 2048;
/** Differences of which the median counts: retransmissions and keepalives pair up with the wrong copy now and then. */
const DIFFERENCES = 15;

/**
 * How far two files' clocks are apart, from packets that are in both. Good enough to read the files in step (the verdicts
 * rest on the engine's own bounds); follows a clock that is stepped.
 */
export class Alignment {
  /** Epoch ns that times count from here. */
  #baseNs: bigint | null = null;
  /** Remembered packets of each file: content to time in ns, oldest first. */
  readonly #seen: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  readonly #differences: number[] = [];

  /** Learns from the rows of one file. */
  add(file: 0 | 1, table: PacketTable): void {
    this.#baseNs ??= table.baseNs;
    const shift = Number(table.baseNs - this.#baseNs);
    for (let row = 0; row < table.length; row++) {
      if (isSampled(table, row, SAMPLED))
        this.#sample(file, contentOf(table, row), (table.time[row] as number) + shift);
    }
  }

  /** The second file's clock minus the first's in ns; null until a packet was found in both. */
  offsetNs(): number | null {
    const sorted = [...this.#differences].sort((a, b) => a - b);
    return sorted[sorted.length >> 1] ?? null;
  }

  #sample(file: 0 | 1, content: number, at: number): void {
    const own = this.#seen[file];
    const other = this.#seen[file === 0 ? 1 : 0].get(content);
    if (other !== undefined) this.#learn(file === 1 ? at - other : other - at);
    own.set(content, at);
    if (own.size > REMEMBERED) own.delete(own.keys().next().value as number);
  }

  #learn(difference: number): void {
    this.#differences.push(difference);
    if (this.#differences.length > DIFFERENCES) this.#differences.shift();
  }
}
