import { Layer, type PacketTable } from '@bothends/proto';

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/** A number for what a path leaves as it is: not the ports and addresses, which NAT changes. -1: nothing to go by. */
export function contentOf(table: PacketTable, row: number): number {
  if (table.layer[row] !== Layer.transport) return -1;
  const protocol = table.protocol[row];
  if (protocol !== PROTOCOL_TCP && (protocol !== PROTOCOL_UDP || table.digestLength[row] === 0)) return -1;
  const rest = ((table.payloadLength[row] as number) << 8) | flagsOf(table, row);
  return mixed(coreOf(table, row), rest) >>> 0;
}

/**
 * Whether a packet is one of the few in so many, a power of two, that are remembered. Depends on its content alone, so
 * that it is the same in every capture, and reads as little as it can.
 */
export function isSampled(table: PacketTable, row: number, oneIn: number): boolean {
  return (coreOf(table, row) & (oneIn - 1)) === 0 && contentOf(table, row) >= 0;
}

/** What tells packets of one protocol apart best; of a packet that was cut before it, anything. */
function coreOf(table: PacketTable, row: number): number {
  if (table.protocol[row] === PROTOCOL_UDP) return mixed(table.digestHigh[row] as number, PROTOCOL_UDP);
  return mixed(table.sequence[row] as number, table.acknowledgment[row] as number);
}

/** The flags that a path does not touch: all but those of congestion notification. */
function flagsOf(table: PacketTable, row: number): number {
  return table.protocol[row] === PROTOCOL_TCP ? (table.tcpFlags[row] as number) & 0x1f : 0;
}

/** Two odd multipliers and a shift: as the finish of MurmurHash3, packets only need telling apart. */
function mixed(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}
