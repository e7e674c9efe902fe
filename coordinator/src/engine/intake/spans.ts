import type { PacketTable } from '@bothends/proto';
import { DOUBLE_NS } from '../match/join.js';

/** Directions of connections that are remembered at a time; a newcomer takes the place of whichever had it. */
const PLACES = 1024;

/**
 * The bytes that one interface showed of each direction in the last moment. A host that sends through a tunnel shows a
 * segment before it is cut for the tunnel and its pieces after, one that receives shows the pieces and what they were merged
 * to: the same bytes at two interfaces, in packets of which no two are alike.
 */
export class Spans {
  private readonly keys = new Int32Array(PLACES);
  private readonly ways = new Int32Array(PLACES);
  private readonly begins = new Int32Array(PLACES);
  private readonly lengths = new Int32Array(PLACES);
  private readonly times = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);
  /** Packets of the span that have not been shown again. */
  private readonly rows = new Int32Array(PLACES);

  /**
   * How many packets of another interface row `i`, a TCP segment with data, is the second look at; -1 where it is a first
   * look. `way`: its interface and direction; `time`: on its tap's scale, ns.
   */
  look(table: PacketTable, i: number, way: number, time: number): number {
    const key = keyOf(table, i);
    const place = (key >>> 0) % PLACES;
    const isRecent = this.keys[place] === key && time - this.times[place] <= DOUBLE_NS;
    const from = (table.sequence[i] - this.begins[place]) | 0;
    const length = table.payloadLength[i];
    const span = this.lengths[place];
    if (isRecent && this.ways[place] !== way && from >= 0 && from + length <= span) {
      const shown = from + length === span ? this.rows[place] : Math.min(1, this.rows[place]);
      this.rows[place] -= shown;
      this.times[place] = time;
      return shown;
    }
    const goesOn = isRecent && this.ways[place] === way && from === span;
    this.keys[place] = key;
    this.ways[place] = way;
    this.begins[place] = goesOn ? this.begins[place] : table.sequence[i];
    this.lengths[place] = goesOn ? span + length : length;
    this.rows[place] = goesOn ? this.rows[place] + 1 : 1;
    this.times[place] = time;
    return -1;
  }
}

/** 32 bits of who talks to whom. */
function keyOf(table: PacketTable, i: number): number {
  let key = (table.sourcePort[i] << 16) | table.destinationPort[i];
  for (let word = i * 4; word < i * 4 + 4; word++) {
    key = Math.imul(key ^ table.source[word], 0x85ebca6b);
    key = Math.imul((key ^ (key >>> 13)) + table.destination[word], 0xc2b2ae35);
    key ^= key >>> 16;
  }
  return key;
}
