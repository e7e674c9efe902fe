import { type PacketTable, Tcp } from '../packet/table.js';

/** Sequence numbers that a TCP row takes: its payload, and one each for SYN and FIN. */
export function advance(table: PacketTable, row: number): number {
  const flags = table.tcpFlags[row];
  return table.payloadLength[row] + (flags & Tcp.syn ? 1 : 0) + (flags & Tcp.fin ? 1 : 0);
}
