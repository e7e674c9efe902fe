import type { TableReader } from '@bothends/agent/files';
import { NS_PER_S, type PacketTable } from '@bothends/proto';
import { Alignment } from './alignment.js';
import { distanceBetween } from './distance.js';

/**
 * Packets read from one file before a table of the other is, whatever the clocks say: about a second of a busy
 * link, and little memory for packets that wait for their match.
 */
const LOOKAHEAD = 65_536;
/**
 * Captures that begin further apart than this differ in their clocks rather than in their start: people who want
 * both ends start both within minutes.
 */
const START_TOGETHER_NS = 600 * NS_PER_S;
/** Estimates of the clocks' difference move by a round trip; more is a step. */
const STEP_NS = NS_PER_S;

/** What a merge takes tables from. */
export type TableSource = Pick<TableReader, 'next'>;

/** One file on its way into the engine, one table ahead. */
class Lane {
  readonly index: 0 | 1;
  readonly #source: TableSource;
  /** Rows that come next; null at the end of the file. */
  table: PacketTable | null = null;
  packets = 0;

  constructor(index: 0 | 1, source: TableSource) {
    this.index = index;
    this.#source = source;
  }

  advance(alignment: Alignment): void {
    this.table = this.#source.next();
    if (this.table === null) return;
    this.packets += this.table.length;
    alignment.add(this.index, this.table);
  }
}

/**
 * Gives the tables of two files in the order of their times, on clocks that may be hours apart, so that few packets
 * wait for their match. A table is valid until the next is asked for.
 */
export class Merge {
  /** How far apart the taps are, as `distanceBetween` tells from the first tables. */
  readonly distanceNs: number | null;
  readonly #lanes: readonly [Lane, Lane];
  readonly #alignment = new Alignment();
  /** The second clock minus the first while no packet is known in both files. */
  readonly #guessNs: number;
  #last: Lane | null = null;
  /**
   * How many packets were read in a row from one file, how many there may be, and for which difference of the
   * clocks.
   */
  #run = 0;
  #patience = LOOKAHEAD;
  #patientNs = 0;

  constructor(sources: readonly [TableSource, TableSource]) {
    this.#lanes = [new Lane(0, sources[0]), new Lane(1, sources[1])];
    for (const lane of this.#lanes) lane.advance(this.#alignment);
    const [{ table: first }, { table: second }] = this.#lanes;
    this.distanceNs = first && second ? distanceBetween(first, second) : null;
    const apart = first && second ? elapsedNs(first, second) : 0;
    this.#guessNs = Math.abs(apart) > START_TOGETHER_NS ? apart : 0;
  }

  /** The next table and the file that it is of; null when both have ended. */
  next(): { file: 0 | 1; table: PacketTable } | null {
    this.#last?.advance(this.#alignment);
    const lane = this.#behind();
    if (lane.table === null) return null;
    this.#run = (lane === this.#last ? this.#run : 0) + lane.table.length;
    this.#last = lane;
    return { file: lane.index, table: lane.table };
  }

  /** The file to read on in. */
  #behind(): Lane {
    const [first, second] = this.#lanes;
    if (first.table === null) return second;
    if (second.table === null) return first;
    const offset = this.#alignment.offsetNs();
    const firstIsNext = elapsedNs(first.table, second.table) >= (offset ?? this.#guessNs);
    const [earlier, later] = firstIsNext ? [first, second] : [second, first];
    if (offset === null) return earlier.packets > later.packets + LOOKAHEAD ? later : earlier;
    return this.#isStale(earlier, offset) ? later : earlier;
  }

  /**
   * Whether one file was read alone for so long that a clock may have been stepped; then a table of the other
   * file is read to see. Each time that shows nothing new, more is read before the next doubt, because one end
   * may simply be busier.
   */
  #isStale(lane: Lane, offset: number): boolean {
    if (Math.abs(offset - this.#patientNs) > STEP_NS) {
      this.#patience = LOOKAHEAD;
      this.#patientNs = offset;
    }
    if (lane !== this.#last || this.#run < this.#patience) return false;
    this.#patience *= 2;
    return true;
  }
}

/** From the first packet of one table to that of another, each on its own clock. */
function elapsedNs(from: PacketTable, to: PacketTable): number {
  return Number(to.baseNs - from.baseNs) + (to.time[0] as number) - (from.time[0] as number);
}
