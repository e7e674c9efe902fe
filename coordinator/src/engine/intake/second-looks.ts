import { Layer, type PacketTable, Tcp } from '@bothends/proto';
import { DOUBLE_NS } from '../match/join.js';
import { Spans } from './spans.js';

/**
 * What a row is: a first look at a packet; a second one; a second one by another interface, or the other way; a second one
 * with another TTL.
 */
export const Look = { first: 0, again: 1, elsewhere: 2, routed: 3 } as const;
export type Look = (typeof Look)[keyof typeof Look];

/** Places for what was seen last; a mirror shows a packet again before half as many others have passed. */
const PLACES = 4096;

/**
 * A tap that shows so many packets of either direction twice looks at a mirror: no path duplicates what a host sends. Of a
 * mirror whose capture misses a third of its packets, one of either look, half would show once.
 */
const MIRROR_SHARE = 0.4;
/** Second looks before that share says anything, and packets of a direction from which on it is settled. */
const LEAST = 3;
const SETTLED = 32;

/**
 * Finds packets that one tap shows twice within a moment, as a port mirror of both sides of a switch does, a bridge of
 * which both ports are captured, or a host with a tunnel, in and outside of it: the second look at a packet is none of its own. Single copies are left to the matching,
 * which tells what a path duplicated; only a tap that shows everything twice is corrected.
 */
export class SecondLooks {
  private readonly hashes = new Float64Array(PLACES);
  private readonly ways = new Int32Array(PLACES);
  private readonly ttls = new Uint8Array(PLACES);
  private readonly times = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);
  /** By direction: packets that differ from all others of their kind, and how many of them came again. */
  private readonly packets: [number, number] = [0, 0];
  private readonly again: [number, number] = [0, 0];
  private readonly spans = new Spans();
  private settled: boolean | null = null;
  /**
   * Time from which on the tap can be judged, ns: the second looks at packets of one burst come after all of its
   * first ones.
   */
  private settledFrom = Number.POSITIVE_INFINITY;
  /** Second looks have another TTL: the tap sees packets before and after its host, or a router, passed them on. */
  isRouted = false;

  /** What each row is (`Look`), null where the tap shows packets once. `shift`: the table's base on the tap's scale, ns. */
  of(table: PacketTable, rows: Uint32Array | null, shift: number): Uint8Array | null {
    if (this.showsOnce()) return null;
    const marks = new Uint8Array(table.length);
    for (let k = 0; k < table.length && !this.showsOnce(); k++) {
      const i = rows === null ? k : rows[k];
      if (table.protocol[i] === 0 || table.layer[i] < Layer.network) continue;
      const time = table.time[i] + shift;
      if (this.settled === null && time > this.settledFrom) this.settled = this.looksMirrored();
      const look = this.look(table, i, time);
      if (look === Look.first && this.isShownAgain(table, i, time)) {
        marks[i] = Look.again;
        continue;
      }
      // A RST that a router made shows once where what it passes on shows twice: of RSTs both are kept.
      if (look === Look.routed) marks[i] = table.tcpFlags[i] & Tcp.rst ? Look.first : Look.again;
      else marks[i] = look;
      if (this.settled === null && isUnlikeOthers(table, i))
        this.count(directionOf(table, i), look !== Look.first, time);
    }
    return (this.settled ?? this.looksMirrored()) ? marks : null;
  }

  private showsOnce(): boolean {
    return this.settled === false;
  }

  /** Whether the same as row `i` was seen a moment ago, and not yet again. */
  private look(table: PacketTable, i: number, time: number): Look {
    const { hashes, times, ways, ttls } = this;
    const hash = hashOf(table, i);
    const way = wayOf(table, i);
    const place = hash % PLACES;
    const other = place ^ 1;
    const found = hashes[place] === hash ? place : hashes[other] === hash ? other : -1;
    const isSame = found >= 0 && Math.abs(time - times[found]) <= DOUBLE_NS;
    // A newcomer takes the place of the older of two.
    const taken = found >= 0 ? found : times[place] <= times[other] ? place : other;
    const isElsewhere = ways[taken] !== way;
    const isRouted = ttls[taken] !== table.ttl[i];
    hashes[taken] = hash;
    times[taken] = isSame ? Number.NEGATIVE_INFINITY : time;
    ways[taken] = way;
    ttls[taken] = table.ttl[i];
    if (!isSame) return Look.first;
    if (isRouted) this.isRouted = true;
    return isElsewhere ? Look.elsewhere : isRouted ? Look.routed : Look.again;
  }

  /** Whether another interface showed the data of row `i` a moment ago, in one packet with more or in pieces. */
  private isShownAgain(table: PacketTable, i: number, time: number): boolean {
    if (table.protocol[i] !== 6 || table.payloadLength[i] === 0) return false;
    const shown = this.spans.look(table, i, wayOf(table, i), time);
    if (shown < 0) return false;
    if (this.settled === null) this.countShown(directionOf(table, i), shown, time);
    return true;
  }

  /** Of a packet that comes again in pieces each piece counts, and the packet as many times. */
  private countShown(direction: 0 | 1, shown: number, time: number): void {
    if (shown === 0) this.count(direction, false, time);
    for (let k = 0; k < Math.max(1, shown); k++) this.count(direction, true, time);
  }

  private count(direction: 0 | 1, isAgain: boolean, time: number): void {
    if (isAgain) this.again[direction]++;
    else if (++this.packets[direction] === SETTLED)
      this.settledFrom = Math.min(this.settledFrom, time + DOUBLE_NS);
  }

  private looksMirrored(): boolean {
    const { packets, again } = this;
    if (again[0] + again[1] < LEAST) return false;
    return packets.every((count, direction) => (again[direction] as number) >= MIRROR_SHARE * count);
  }
}

/** By which interface a packet came, and whether in or out. */
const wayOf = (table: PacketTable, i: number) => (table.ifindex[i] << 8) | table.packetType[i];

/** Datagrams may say the same again and again, and ACKs too: a number of its own, or data, tells a packet from the next. */
function isUnlikeOthers(table: PacketTable, i: number): boolean {
  if (table.ipId[i] !== 0) return true;
  return table.protocol[i] === 6 && (table.payloadLength[i] > 0 || (table.tcpFlags[i] & Tcp.syn) !== 0);
}

/** Which of the two ends sent it, whatever they are called. */
function directionOf({ source, destination }: PacketTable, i: number): 0 | 1 {
  for (let word = i * 4; word < i * 4 + 4; word++)
    if (source[word] !== destination[word]) return source[word] < destination[word] ? 0 : 1;
  return 0;
}

/** 53 bits of everything but TTL and interface, by which two looks at one packet may differ. */
function hashOf(table: PacketTable, i: number): number {
  let low = 0;
  let high = 0x9e3779b1;
  const mix = (value: number) => {
    low = Math.imul(low ^ value, 0x85ebca6b);
    low ^= low >>> 13;
    high = Math.imul(high + value, 0xc2b2ae35);
    high ^= high >>> 16;
  };
  for (let word = i * 4; word < i * 4 + 4; word++) {
    mix(table.source[word]);
    mix(table.destination[word]);
  }
  mix((table.sourcePort[i] << 16) | table.destinationPort[i]);
  mix((table.protocol[i] << 16) | table.tcpFlags[i]);
  mix(table.ipId[i]);
  mix(table.fragmentOffset[i]);
  mix(table.payloadLength[i]);
  mix(table.digestHigh[i]);
  mix(table.digestLow[i]);
  mix(table.sequence[i]);
  mix(table.acknowledgment[i]);
  mix((table.window[i] << 8) | table.sackCount[i]);
  mix(table.timestampValue[i]);
  mix((table.icmpType[i] << 8) | table.icmpCode[i]);
  mix(table.quotedSequence[i]);
  mix((table.quotedIpId[i] << 16) | table.quotedSourcePort[i]);
  return (low >>> 0) + (high & 0x1fffff) * 0x100000000;
}
