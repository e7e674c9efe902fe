import { Checksum, IpFlag, Layer, Mark, type PacketTable, Tcp } from './table.js';

const TCP = 6;
/** TLS records that a verdict may look into: alerts and handshakes (RFC 8446). */
const TLS_ALERT = 21;
const TLS_HANDSHAKE = 22;

/** Bits of `Scan.seen`. */
export const Seen = {
  /** A whole segment with data or a pure ACK, an open window, and no hint that a verdict may rest on. */
  uneventful: 1,
  /** Same addresses and ports, the same way, as the row before. */
  follows: 2,
} as const;

/** Indices of the numbers about all rows. */
const EARLIEST = 0;
const LATEST = 1;
const BACKWARDS = 2;
const CUT = 3;
const CUT_AT = 4;
const NUMBERS = 5;

/**
 * What the rows of a table tell without anything known of their flows. Loops without calls, in which each column's checks are
 * made once: a tenth of what it takes to look at the columns when a row's turn comes. Who fills a table may do it
 * beforehand, on another thread (`PacketTable.scan`).
 */
export class Scan {
  /** Bits of each row. */
  seen: Uint8Array;
  /** What is told of all rows, as the getters below give it: for who scans otherwise than by `of`. */
  readonly numbers: Float64Array;

  /** In `memory` (see `scanBytes`), which may be shared with another thread, or in memory of its own. */
  constructor(capacity: number, memory: ArrayBufferLike | null = null) {
    this.numbers = memory ? new Float64Array(memory, 0, NUMBERS) : new Float64Array(NUMBERS);
    this.seen = memory ? new Uint8Array(memory, NUMBERS * 8, capacity) : new Uint8Array(capacity);
  }

  /** The least and the greatest of a table's times, ±Infinity without rows. */
  get earliest(): number {
    return this.numbers[EARLIEST];
  }

  get latest(): number {
    return this.numbers[LATEST];
  }

  /** No row is earlier than the one before it. */
  get isInOrder(): boolean {
    return this.numbers[BACKWARDS] === 0;
  }

  /** Packets that the snaplen cut before their ports, and the most bytes that it left of one of them. */
  get cut(): number {
    return this.numbers[CUT];
  }

  get cutAt(): number {
    return this.numbers[CUT_AT];
  }

  /** Looks through a table; what it found stays until the next one. */
  of(table: PacketTable): this {
    if (table.length > this.seen.length) this.seen = new Uint8Array(table.capacity);
    this.#times(table);
    this.#cuts(table);
    markUneventful(table, this.seen);
    markFollowing(table, this.seen);
    return this;
  }

  #times({ time, length }: PacketTable): void {
    let earliest = Number.POSITIVE_INFINITY;
    let latest = Number.NEGATIVE_INFINITY;
    let before = Number.NEGATIVE_INFINITY;
    let backwards = 0;
    for (let i = 0; i < length; i++) {
      const now = time[i];
      if (now < earliest) earliest = now;
      if (now > latest) latest = now;
      backwards += now < before ? 1 : 0;
      before = now;
    }
    this.numbers[EARLIEST] = earliest;
    this.numbers[LATEST] = latest;
    this.numbers[BACKWARDS] = backwards;
  }

  #cuts({ layer, marks, capturedLength, length }: PacketTable): void {
    let cut = 0;
    let cutAt = 0;
    for (let i = 0; i < length; i++) {
      if (layer[i] === Layer.transport || (marks[i] & Mark.cut) === 0) continue;
      cut++;
      cutAt = Math.max(cutAt, capturedLength[i]);
    }
    this.numbers[CUT] = cut;
    this.numbers[CUT_AT] = cutAt;
  }
}

/** Bytes of memory that a scan of so many rows takes. */
export function scanBytes(capacity: number): number {
  return NUMBERS * 8 + capacity;
}

function markUneventful(table: PacketTable, seen: Uint8Array): void {
  const { length, layer, protocol, tcpFlags, window, checksum, tlsRecord, httpKind, dnsFlags, dnsType } =
    table;
  const { ipFlags, marker } = table;
  for (let i = 0; i < length; i++) {
    const plain =
      layer[i] === Layer.transport &&
      protocol[i] === TCP &&
      (ipFlags[i] & IpFlag.fragment) === 0 &&
      (tcpFlags[i] & ~Tcp.psh) === Tcp.ack &&
      window[i] !== 0 &&
      checksum[i] !== Checksum.bad &&
      tlsRecord[i] !== TLS_ALERT &&
      tlsRecord[i] !== TLS_HANDSHAKE &&
      (httpKind[i] | dnsFlags[i] | dnsType[i] | marker[i]) === 0;
    seen[i] = plain ? Seen.uneventful : 0;
  }
}

function markFollowing(table: PacketTable, seen: Uint8Array): void {
  const { length, source, destination, sourcePort, destinationPort, ipVersion } = table;
  for (let i = 1, word = 4; i < length; i++, word += 4) {
    // Of what is not uneventful the columns may hold anything.
    if ((seen[i] & seen[i - 1]) === 0) continue;
    const same =
      sourcePort[i] === sourcePort[i - 1] &&
      destinationPort[i] === destinationPort[i - 1] &&
      source[word + 3] === source[word - 1] &&
      destination[word + 3] === destination[word - 1] &&
      // IPv4 addresses differ in their last word alone.
      ((ipVersion[i] === 4 && ipVersion[i - 1] === 4) ||
        (source[word + 2] === source[word - 2] &&
          destination[word + 2] === destination[word - 2] &&
          source[word + 1] === source[word - 3] &&
          destination[word + 1] === destination[word - 3] &&
          source[word] === source[word - 4] &&
          destination[word] === destination[word - 4]));
    if (same) seen[i] = seen[i] | Seen.follows;
  }
}
