import { type Column, NO_LENGTH, NO_VLAN, NO_WSCALE, type PacketTable, PacketType } from '@bothends/proto';

/** `tlsHandshake` when the packet starts no handshake message. */
export const NO_HANDSHAKE = 255;

/**
 * Puts the "absent" value into every column that a packet may leave unwritten. Done once for an empty table: a fill
 * of whole columns costs a few ns a row, writing them row by row would cost as much as the decoding itself.
 */
export function writeDefaults(table: PacketTable): void {
  for (const column of [table.layer, table.marks, table.tunnel, table.ipVersion, table.protocol])
    fill(column, 0);
  fill(table.ifindex, 0);
  fill(table.packetType, PacketType.unknown);
  fill(table.vlan, NO_VLAN);
  fill(table.sourceMac, 0);
  fill(table.destinationMac, 0);
  writeTransportDefaults(table);
  writeApplicationDefaults(table);
}

function writeTransportDefaults(table: PacketTable): void {
  fill(table.payloadLength, 0);
  fill(table.digestHigh, 0);
  fill(table.digestLow, 0);
  fill(table.digestLength, 0);
  fill(table.checksum, 0);
  fill(table.tcpOptions, 0);
  fill(table.tcpOptionOrder, 0);
  fill(table.mss, 0);
  fill(table.wscale, NO_WSCALE);
  fill(table.timestampValue, 0);
  fill(table.timestampEcho, 0);
  fill(table.sackCount, 0);
  fill(table.icmpMtu, 0);
  fill(table.quotedProtocol, 0);
}

function writeApplicationDefaults(table: PacketTable): void {
  for (const column of [table.tlsRecord, table.tlsAlertLevel, table.tlsAlert, table.httpKind])
    fill(column, 0);
  fill(table.tlsHandshake, NO_HANDSHAKE);
  for (const column of [table.dnsId, table.dnsFlags, table.dnsType, table.httpStatus]) fill(column, 0);
  fill(table.httpHeadLength, 0);
  fill(table.httpLength, NO_LENGTH);
  fill(table.nameHigh, 0);
  fill(table.nameLow, 0);
  fill(table.marker, 0);
}

/**
 * Memory that threads share is filled element by element, and that takes as long for one byte as for eight: so by eight.
 * Columns begin at multiples of eight, and what lies between their end and the next belongs to nobody.
 */
function fill(column: Column, value: number): void {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: bytes } = column;
  if (!(buffer instanceof SharedArrayBuffer)) {
    column.fill(value);
    return;
  }
  let pattern = 0n;
  for (let shift = 0; shift < 64; shift += bytes * 8)
    pattern |= BigInt.asUintN(bytes * 8, BigInt(value)) << BigInt(shift);
  new BigUint64Array(buffer, byteOffset, Math.ceil(byteLength / 8)).fill(pattern);
}
