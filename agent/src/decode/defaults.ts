import { NO_LENGTH, NO_VLAN, NO_WSCALE, type PacketTable, PacketType } from '@bothends/proto';

/** `tlsHandshake` when the packet starts no handshake message. */
export const NO_HANDSHAKE = 255;

/**
 * Puts the "absent" value into every column that a packet may leave unwritten. Done once for an empty table: a fill
 * of whole columns costs a few ns a row, writing them row by row would cost as much as the decoding itself.
 */
export function writeDefaults(table: PacketTable): void {
  for (const column of [table.layer, table.marks, table.tunnel, table.ipVersion, table.protocol])
    column.fill(0);
  table.ifindex.fill(0);
  table.packetType.fill(PacketType.unknown);
  table.vlan.fill(NO_VLAN);
  table.sourceMac.fill(0);
  table.destinationMac.fill(0);
  writeTransportDefaults(table);
  writeApplicationDefaults(table);
}

function writeTransportDefaults(table: PacketTable): void {
  table.payloadLength.fill(0);
  table.digestHigh.fill(0);
  table.digestLow.fill(0);
  table.digestLength.fill(0);
  table.checksum.fill(0);
  table.tcpOptions.fill(0);
  table.tcpOptionOrder.fill(0);
  table.mss.fill(0);
  table.wscale.fill(NO_WSCALE);
  table.timestampValue.fill(0);
  table.timestampEcho.fill(0);
  table.sackCount.fill(0);
  table.icmpMtu.fill(0);
  table.quotedProtocol.fill(0);
}

function writeApplicationDefaults(table: PacketTable): void {
  for (const column of [table.tlsRecord, table.tlsAlertLevel, table.tlsAlert, table.httpKind]) column.fill(0);
  table.tlsHandshake.fill(NO_HANDSHAKE);
  for (const column of [table.dnsId, table.dnsFlags, table.dnsType, table.httpStatus]) column.fill(0);
  table.httpHeadLength.fill(0);
  table.httpLength.fill(NO_LENGTH);
  table.nameHigh.fill(0);
  table.nameLow.fill(0);
  table.marker.fill(0);
}
