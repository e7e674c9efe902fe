import { crc32, encodeColumns, Layer, PacketTable, Tcp } from '@bothends/proto';
import type { Batch, Coverage } from '@bothends/proto/gen/bothends/v1/packet';

/** 2026-01-01T00:00:00Z, so that tests read the same every day. */
export const BASE_NS = 1_767_225_600_000_000_000n;

/** A TCP segment a millisecond, of one flow; the last one with RST where asked. */
export function segments(count: number, { reset = false } = {}): PacketTable {
  const table = new PacketTable(Math.max(count, 1));
  table.baseNs = BASE_NS;
  table.length = count;
  for (let i = 0; i < count; i++) {
    table.time[i] = i * 1e6;
    table.wireLength[i] = 60;
    table.capturedLength[i] = 60;
    table.layer[i] = Layer.transport;
    table.ipVersion[i] = 4;
    table.source.set([0, 0, 0xffff, 0x0a000001], i * 4);
    table.destination.set([0, 0, 0xffff, 0x0a000002], i * 4);
    table.protocol[i] = 6;
    table.sourcePort[i] = 40_000;
    table.destinationPort[i] = 443;
    table.sequence[i] = i;
    table.tcpFlags[i] = reset && i === count - 1 ? Tcp.rst : Tcp.ack;
  }
  return table;
}

/** What a healthy tap vouches for; `closed` when it is its last word. */
export function coverage(packets: number, { closed = false } = {}): Coverage {
  return {
    openedNs: BASE_NS,
    closedNs: closed ? BASE_NS + 1_000_000_000n : 0n,
    packets: BigInt(packets),
    kernelDrops: 0n,
    agentDrops: 0n,
    gaps: [],
    watermarkNs: BASE_NS + 1_000_000_000n,
    timeStamps: 'kernel',
    backEnd: 'tcpdump',
    filter: 'port 443',
    interfaces: ['any'],
    snaplen: 192,
    ringBytes: 65_536,
    bootId: 'boot',
    addresses: ['10.0.0.1'],
    wallMinusMonotonicNs: 0n,
    tool: 'test',
    filterLength: 10,
    interfaceStates: [],
  };
}

/** A batch as an agent ships it. */
export function batch(tapId: string, sequence: number, table: PacketTable, covered: Coverage): Batch {
  const columns = Buffer.from(encodeColumns(table));
  const at = (row: number) => (table.length === 0 ? 0n : table.baseNs + BigInt(table.time[row]));
  return {
    tapId,
    sequence: BigInt(sequence),
    count: table.length,
    firstNs: at(0),
    lastNs: at(table.length - 1),
    codec: 1,
    columns,
    crc32: crc32(columns),
    coverage: covered,
  };
}
