import { Layer, type PacketTable } from '@bothends/proto';

const PROTOCOL_TCP = 6;
const PROTOCOL_UDP = 17;

/** A number for what a path leaves as it is: not the ports and addresses, which NAT changes. -1: nothing to go by. */
export function contentOf(table: PacketTable, row: number): number {
  if (table.layer[row] !== Layer.transport) return -1;
  const protocol = table.protocol[row];
  const length = table.payloadLength[row] as number;
  if (protocol === PROTOCOL_TCP) {
    const numbers = mixed(table.sequence[row] as number, table.acknowledgment[row] as number);
    return mixed(numbers, (length << 8) | ((table.tcpFlags[row] as number) & 0x1f)) >>> 0;
  }
  if (protocol !== PROTOCOL_UDP || table.digestLength[row] === 0) return -1;
  return mixed(table.digestLow[row] as number, length) >>> 0;
}

/** Two odd multipliers and a shift: as the finish of MurmurHash3, packets only need telling apart. */
function mixed(a: number, b: number): number {
  const h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
  return h ^ (h >>> 15);
}
