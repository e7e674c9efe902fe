import type { PacketTable } from '@bothends/proto';
import { writeDefaults } from './defaults.js';
import type { KeyedDigest } from './digest.js';
import { type PlainAddon, plainAddon, type Target } from './plain-addon.js';

/** The words of a position. */
const AT = 0;
const ROW = 1;
const LEFT = 2;

/**
 * Where the add-on takes no packet, it is asked again only after 1, 3, 7, … packets, at most this many: a call
 * costs as much as decoding two or three.
 */
const LONGEST_PAUSE = 64;

/** Where times count from. */
export interface TimeBase {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** An interface of a pcapng section: its number there, its first packet's ticks and time in ns, and the ns of a tick. */
export interface InterfaceClock {
  readonly id: number;
  readonly baseHigh: number;
  readonly baseLow: number;
  readonly baseNs: number;
  readonly tickNs: number;
}

/**
 * Decodes runs of plain packets in the C add-on, several times as fast as `Decoder` and into the same rows; the
 * table has to have room. It leaves what is not plain to the caller, who decodes one packet with a `Decoder` and
 * then asks again.
 */
export class PlainDecoder {
  readonly linkType: number;
  /** How payloads are digested: the key's words, and whether it goes without them, as `quick` of `load`. */
  readonly schedule: Int32Array;
  readonly quick: boolean;
  /** Packets decoded so far. */
  packets = 0;
  readonly #addon: PlainAddon;
  readonly #targets = new WeakMap<PacketTable, Target>();
  readonly #position = new Uint32Array(3);
  /** Calls to skip, and how many it will be if the next one finds nothing. */
  #pause = 0;
  #nextPause = 0;

  private constructor(addon: PlainAddon, linkType: number, digest: KeyedDigest, quick: boolean) {
    this.#addon = addon;
    this.linkType = linkType;
    this.schedule = digest.schedule;
    this.quick = quick;
  }

  /** null where the add-on is not built. `quick`: payloads get digests without a key. */
  static load(linkType: number, digest: KeyedDigest, quick: boolean): PlainDecoder | null {
    const addon = plainAddon();
    return addon && new PlainDecoder(addon, linkType, digest, quick);
  }

  /**
   * Appends packets of little-endian pcap records of bytes[at, end), one tick of whose fractions are `tickNs`. Returns the
   * offset of the record it stopped at.
   */
  pcap(
    bytes: Uint8Array,
    at: number,
    end: number,
    table: PacketTable,
    base: TimeBase,
    tickNs: number,
  ): number {
    if (this.#pause > 0) {
      this.#pause--;
      return at;
    }
    const { seconds, nanoseconds } = base;
    const position = this.#position;
    const target = this.#begin(at, table);
    this.#addon.pcap(target, bytes, position, this.linkType, seconds, nanoseconds, end, tickNs);
    this.#finish(table);
    return position[AT] as number;
  }

  /**
   * The same for enhanced packet blocks of a little-endian section and one interface; they may not have options.
   */
  pcapng(bytes: Uint8Array, at: number, end: number, table: PacketTable, clock: InterfaceClock): number {
    if (this.#pause > 0) {
      this.#pause--;
      return at;
    }
    const { id, baseHigh, baseLow, baseNs, tickNs } = clock;
    const position = this.#position;
    const link = this.linkType;
    const target = this.#begin(at, table);
    this.#addon.pcapng(target, bytes, position, link, baseNs, tickNs, end, id, baseHigh, baseLow);
    this.#finish(table);
    return position[AT] as number;
  }

  /**
   * The same for frames of a ring's block: `left` of them from `at` on. `headerBytes`: of the link header that packets would
   * have in a file and come without; `snaplen` with it. `at` and `left` of this then say where it stopped.
   */
  ring(
    memory: Uint8Array,
    at: number,
    left: number,
    table: PacketTable,
    base: TimeBase,
    headerBytes: number,
    snaplen: number,
  ): void {
    const position = this.#position;
    if (this.#pause > 0) {
      this.#pause--;
      position[AT] = at;
      position[LEFT] = left;
      return;
    }
    const { seconds, nanoseconds } = base;
    const target = this.#begin(at, table);
    position[LEFT] = left;
    this.#addon.ring(target, memory, position, this.linkType, seconds, nanoseconds, headerBytes, snaplen);
    this.#finish(table);
  }

  /** Where the last call stopped: the byte, and in a block how many frames it left. */
  get at(): number {
    return this.#position[AT] as number;
  }

  get left(): number {
    return this.#position[LEFT] as number;
  }

  #begin(at: number, table: PacketTable): Target {
    if (table.length === 0 && !table.isBlank) writeDefaults(table);
    this.#position[AT] = at;
    this.#position[ROW] = table.length;
    let target = this.#targets.get(table);
    if (target === undefined) {
      target = this.#addon.bind(table, this.schedule, this.quick);
      this.#targets.set(table, target);
    }
    return target;
  }

  #finish(table: PacketTable): void {
    const rows = this.#position[ROW] as number;
    const found = rows > table.length;
    this.packets += rows - table.length;
    table.length = rows;
    this.#nextPause = found ? 0 : Math.min(LONGEST_PAUSE, this.#nextPause * 2 + 1);
    this.#pause = this.#nextPause;
  }
}
