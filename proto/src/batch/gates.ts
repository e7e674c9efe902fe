import { Layer, type PacketTable } from '../packet/table.js';

/**
 * What a row has. A column is coded only in the rows whose gate has one of the column's bits, because in
 * the others it holds whatever an earlier use of the table left there.
 */
export const Gate = {
  always: 1,
  network: 1 << 1,
  transport: 1 << 2,
  tcp: 1 << 3,
  icmp: 1 << 4,
  quoted: 1 << 5,
  digest: 1 << 6,
  tls: 1 << 7,
  dns: 1 << 8,
  http: 1 << 9,
  /** At least one, two, three, four SACK blocks. */
  sack1: 1 << 10,
  sack2: 1 << 11,
  sack3: 1 << 12,
  sack4: 1 << 13,
} as const;

const PROTOCOL_ICMP = 1;
const PROTOCOL_TCP = 6;
const PROTOCOL_ICMPV6 = 58;

/** Gates of rows `from`..`from + gates.length - 1`. Returns the union of all of them. */
export function fillGates(table: PacketTable, from: number, gates: Uint16Array): number {
  let union: number = Gate.always;
  for (let i = 0; i < gates.length; i++) {
    const gate = gateOf(table, from + i);
    gates[i] = gate;
    union |= gate;
  }
  return union;
}

/** Gate bits that all rows have. */
export function commonGates(gates: Uint16Array): number {
  let common = ~0;
  for (let i = 0; i < gates.length; i++) common &= gates[i];
  return common;
}

function gateOf(table: PacketTable, row: number): number {
  let gate: number = Gate.always;
  if (table.ipVersion[row] !== 0) gate |= Gate.network;
  if (table.digestLength[row] !== 0) gate |= Gate.digest;
  if (table.tlsRecord[row] !== 0) gate |= Gate.tls;
  if (table.dnsFlags[row] !== 0 || table.dnsType[row] !== 0) gate |= Gate.dns;
  if (table.httpKind[row] !== 0) gate |= Gate.http;
  if (table.layer[row] !== Layer.transport) return gate;
  gate |= Gate.transport;
  const protocol = table.protocol[row];
  if (protocol === PROTOCOL_TCP) return gate | Gate.tcp | sackGates(table.sackCount[row]);
  if (protocol !== PROTOCOL_ICMP && protocol !== PROTOCOL_ICMPV6) return gate;
  return gate | Gate.icmp | (table.quotedProtocol[row] !== 0 ? Gate.quoted : 0);
}

function sackGates(blocks: number): number {
  let gate = 0;
  for (let i = 0; i < blocks && i < 4; i++) gate |= Gate.sack1 << i;
  return gate;
}
