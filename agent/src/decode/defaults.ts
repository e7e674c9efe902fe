import {
  type Column,
  type ColumnName,
  NO_LENGTH,
  NO_VLAN,
  NO_WSCALE,
  type PacketTable,
  PacketType,
} from '@bothends/proto';

/** `tlsHandshake` when the packet starts no handshake message. */
export const NO_HANDSHAKE = 255;

/** Columns that a packet may leave unwritten, with the value that says "absent". */
const VALUES: Partial<Record<ColumnName, number>> = {
  layer: 0,
  marks: 0,
  tunnel: 0,
  ipVersion: 0,
  protocol: 0,
  ifindex: 0,
  packetType: PacketType.unknown,
  vlan: NO_VLAN,
  sourceMac: 0,
  destinationMac: 0,
  payloadLength: 0,
  digestHigh: 0,
  digestLow: 0,
  digestLength: 0,
  checksum: 0,
  tcpOptions: 0,
  tcpOptionOrder: 0,
  mss: 0,
  wscale: NO_WSCALE,
  timestampValue: 0,
  timestampEcho: 0,
  sackCount: 0,
  icmpMtu: 0,
  quotedProtocol: 0,
  tlsRecord: 0,
  tlsHandshake: NO_HANDSHAKE,
  tlsAlertLevel: 0,
  tlsAlert: 0,
  httpKind: 0,
  dnsId: 0,
  dnsFlags: 0,
  dnsType: 0,
  httpStatus: 0,
  httpHeadLength: 0,
  httpLength: NO_LENGTH,
  nameHigh: 0,
  nameLow: 0,
  marker: 0,
};
const ABSENT = Object.entries(VALUES).map(([name, value]) => ({ name: name as ColumnName, value }));

/**
 * Puts the "absent" value into every column that a packet may leave unwritten. Done once for an empty table: a fill
 * of whole columns costs a few ns a row, writing them row by row would cost as much as the decoding itself.
 */
export function writeDefaults(table: PacketTable): void {
  for (const { name, value } of ABSENT) fill(table[name], value);
}

/**
 * Shared memory is filled element by element, which takes as long for one byte as for eight; so eight at a time.
 * Columns begin at multiples of eight, and the bytes between the end of one and the next are unused.
 */
function fill(column: Column, value: number): void {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: bytes } = column;
  if (!(buffer instanceof SharedArrayBuffer)) {
    column.fill(value);
    return;
  }
  let pattern = 0n;
  if (value !== 0) {
    for (let shift = 0; shift < 64; shift += bytes * 8)
      pattern |= BigInt.asUintN(bytes * 8, BigInt(value)) << BigInt(shift);
  }
  new BigUint64Array(buffer, byteOffset, Math.ceil(byteLength / 8)).fill(pattern);
}
