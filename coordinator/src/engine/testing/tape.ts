import { Layer, PacketTable, parseAddress, Tcp } from '@bothends/proto';

/** A segment as a test writes it; what is left out has an ordinary value. */
export interface Segment {
  /** ns on the tap's clock, from the tape's base. */
  at: number;
  from?: 'client' | 'server';
  flags?: number;
  seq?: number;
  ack?: number;
  length?: number;
  id?: number;
  ttl?: number;
  tsval?: number;
  window?: number;
  mss?: number;
  /** Stands for the payload: equal numbers, equal payloads. */
  payload?: number;
  clientAddress?: string;
  clientPort?: number;
}

export const CLIENT = '10.0.0.1';
export const SERVER = '10.0.1.1';
export const SYN = Tcp.syn;
export const SYN_ACK = Tcp.syn | Tcp.ack;
export const ACK = Tcp.ack;
export const PUSH = Tcp.ack | Tcp.psh;
export const RST = Tcp.rst;

/** A table of the segments that one tap saw, in their order. */
export function tape(segments: readonly Segment[], baseNs = 1_767_225_600_000_000_000n): PacketTable {
  const table = new PacketTable(Math.max(1, segments.length));
  table.baseNs = baseNs;
  table.length = segments.length;
  segments.forEach((segment, i) => {
    writeNetwork(table, i, segment);
    writeTransport(table, i, segment);
  });
  return table;
}

function writeNetwork(table: PacketTable, i: number, s: Segment): void {
  const client = parseAddress(s.clientAddress ?? CLIENT) as Uint32Array;
  const server = parseAddress(SERVER) as Uint32Array;
  const toServer = s.from !== 'server';
  table.time[i] = s.at;
  table.layer[i] = Layer.transport;
  table.ipVersion[i] = 4;
  table.packetType[i] = 255;
  table.protocol[i] = 6;
  table.source.set(toServer ? client : server, i * 4);
  table.destination.set(toServer ? server : client, i * 4);
  table.ttl[i] = s.ttl ?? 64;
  table.ipId[i] = s.id ?? 0;
  table.ipLength[i] = 40 + (s.length ?? 0) + (s.tsval === undefined ? 0 : 12);
}

function writeTransport(table: PacketTable, i: number, s: Segment): void {
  const toServer = s.from !== 'server';
  const clientPort = s.clientPort ?? 40_000;
  table.sourcePort[i] = toServer ? clientPort : 443;
  table.destinationPort[i] = toServer ? 443 : clientPort;
  table.tcpFlags[i] = s.flags ?? ACK;
  table.sequence[i] = s.seq ?? 0;
  table.acknowledgment[i] = s.ack ?? 0;
  table.window[i] = s.window ?? 500;
  table.payloadLength[i] = s.length ?? 0;
  table.mss[i] = s.mss ?? 0;
  table.tlsHandshake[i] = 255;
  table.tcpOptions[i] = (s.tsval === undefined ? 0 : 16) | (s.mss === undefined ? 0 : 1);
  table.timestampValue[i] = s.tsval ?? 0;
  if (s.payload !== undefined) {
    table.digestLength[i] = 64;
    table.digestHigh[i] = s.payload;
    table.digestLow[i] = s.payload;
  }
}
