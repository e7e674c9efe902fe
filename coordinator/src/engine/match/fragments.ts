import { Checksum, COLUMNS, type ColumnName, IpFlag, PacketTable } from '@bothends/proto';

/**
 * First fragments remembered. Those of one datagram come back to back: a few would do, were it not for datagrams whose
 * first fragment one tap has and whose others only the other one.
 */
const PLACES = 8192;

/**
 * Later fragments that wait for their first. Senders that begin with the last one send a datagram's in one go; what lost its
 * first on the way waits until the other tap tells it.
 */
const EARLY = 512;

/** Bytes of a header without options: what IP and UDP take, and the fragment header of IPv6. */
const HEADER = { ipv4: 20, ipv6: 40, fragment: 8, udp: 8 } as const;

/** Where and when an early fragment was seen: the tap's index, its clock, its number there. */
export interface EarlySighting {
  readonly tap: 0 | 1;
  readonly time: number;
  readonly number: number;
}

/** Columns of a later fragment that are its own; the others are those of its datagram. */
const OWN: readonly ColumnName[] = [
  ...(['wireLength', 'capturedLength', 'marks', 'ifindex', 'packetType', 'vlan'] as const),
  ...(['sourceMac', 'destinationMac', 'ttl', 'tos', 'ipFlags', 'fragmentOffset', 'flowLabel'] as const),
  ...(['ipLength', 'payloadLength', 'digestHigh', 'digestLow', 'digestLength'] as const),
];

/** What only the first fragment says. */
const HINTS: readonly ColumnName[] = [
  ...(['tlsRecord', 'dnsFlags', 'dnsType', 'httpKind', 'marker', 'sackCount'] as const),
];

const SPECS = new Map(COLUMNS.map((spec) => [spec.name, spec]));

/** A fragment that does not begin its datagram: it has no ports. */
export function isLaterFragment(table: PacketTable, row: number): boolean {
  return table.fragmentOffset[row] > 0;
}

/**
 * Gives later fragments the ports of their datagram: only the first one has them. What comes out is a row as if the
 * datagram had been sent in segments, whose `sequence` says where in the datagram its payload belongs.
 */
export class Fragments {
  private firsts: PacketTable | null = null;
  private early: PacketTable | null = null;
  private readonly sightings: (EarlySighting | null)[] = [];
  private earlyNext = 0;
  private readonly row = new PacketTable(1);

  /** Takes note of a first fragment. */
  remember(table: PacketTable, i: number): void {
    this.firsts ??= new PacketTable(PLACES);
    copyRow(table, i, this.firsts, placeOf(table, i));
  }

  /** A later fragment with the ports of its datagram, valid until the next call; null where its first is unknown. */
  complete(table: PacketTable, i: number): PacketTable | null {
    const { firsts, row } = this;
    const place = placeOf(table, i);
    if (firsts === null || !isSameDatagram(firsts, place, table, i)) return null;
    copyRow(firsts, place, row, 0);
    for (const name of OWN) row[name][0] = table[name][i];
    for (const name of HINTS) row[name][0] = 0;
    row.checksum[0] = Checksum.unknown;
    // Of its flags only that it is a segment: the first fragment has them.
    row.tcpFlags[0] = ACK;
    const begin = table.protocol[i] === 17 ? 0 : firsts.sequence[place];
    row.sequence[0] = begin + table.fragmentOffset[i] - transportHeader(firsts, place);
    return row;
  }

  /** Keeps a later fragment that came before its first. */
  keep(table: PacketTable, i: number, sighting: EarlySighting): void {
    this.early ??= new PacketTable(EARLY);
    copyRow(table, i, this.early, this.earlyNext);
    this.sightings[this.earlyNext] = sighting;
    this.earlyNext = (this.earlyNext + 1) % EARLY;
  }

  /** Hands over the fragments that waited for the first fragment in a row, in the order in which they came. */
  release(
    table: PacketTable,
    i: number,
    take: (early: PacketTable, row: number, sighting: EarlySighting) => void,
  ): void {
    const { early, sightings } = this;
    if (early === null) return;
    for (let k = 0; k < EARLY; k++) {
      const waited = (this.earlyNext + k) % EARLY;
      const sighting = sightings[waited];
      if (!sighting || !isSameDatagram(early, waited, table, i)) continue;
      sightings[waited] = null;
      take(early, waited, sighting);
    }
  }
}

const ACK = 0x10;

function copyRow(from: PacketTable, i: number, to: PacketTable, k: number): void {
  for (const { name, stride } of SPECS.values())
    for (let word = 0; word < stride; word++) to[name][k * stride + word] = from[name][i * stride + word];
}

/** Fragments belong together that have the same addresses, protocol and identification (RFC 791, RFC 8200). */
function isSameDatagram(a: PacketTable, i: number, b: PacketTable, k: number): boolean {
  if (a.ipId[i] !== b.ipId[k] || a.protocol[i] !== b.protocol[k] || a.ipVersion[i] !== b.ipVersion[k])
    return false;
  for (let word = 0; word < 4; word++) {
    if (a.source[i * 4 + word] !== b.source[k * 4 + word]) return false;
    if (a.destination[i * 4 + word] !== b.destination[k * 4 + word]) return false;
  }
  return true;
}

function placeOf(table: PacketTable, i: number): number {
  const ends =
    Math.imul(table.source[i * 4 + 3], 0x9e3779b1) ^ Math.imul(table.destination[i * 4 + 3], 0x85ebca6b);
  const h = Math.imul(ends ^ table.ipId[i] ^ (table.protocol[i] << 16), 0xc2b2ae35);
  return (h ^ (h >>> 15)) & (PLACES - 1);
}

/** Bytes of the transport header in a first fragment; IP options are taken to be absent. */
function transportHeader(table: PacketTable, i: number): number {
  if (table.protocol[i] === 17) return HEADER.udp;
  const network = table.ipVersion[i] === 4 ? HEADER.ipv4 : HEADER.ipv6 + HEADER.fragment;
  return table.ipLength[i] - network - table.payloadLength[i];
}

/** First fragment of several. */
export function isFirstFragment(table: PacketTable, row: number): boolean {
  return (table.ipFlags[row] & IpFlag.moreFragments) !== 0 && table.fragmentOffset[row] === 0;
}
