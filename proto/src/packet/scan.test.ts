import { expect, it } from 'vitest';
import { Scan, Seen, scanBytes } from './scan.js';
import { scanRows } from './scan-rows.js';
import { Checksum, IpFlag, Layer, Mark, PacketTable, Tcp } from './table.js';

const BOTH = Seen.uneventful | Seen.follows;

/** Rows of one connection, all of them data with an ACK. */
function rows(count: number): PacketTable {
  const table = new PacketTable(count);
  table.length = count;
  for (let i = 0; i < count; i++) {
    table.layer[i] = Layer.transport;
    table.ipVersion[i] = 6;
    table.protocol[i] = 6;
    table.tcpFlags[i] = Tcp.ack | Tcp.psh;
    table.window[i] = 100;
    table.sourcePort[i] = 40_000;
    table.destinationPort[i] = 443;
    table.source.set([0x20010db8, 0, 0, 1], i * 4);
    table.destination.set([0x20010db8, 0, 0, 2], i * 4);
  }
  return table;
}

function seenOf(table: PacketTable): number[] {
  const memory = new Uint8Array(scanBytes(table.length)).fill(0xff);
  return [...scanRows(table, new Scan(table.length, memory.buffer)).seen];
}

it('a train of segments is told from its first one', () => {
  expect(seenOf(rows(3))).toEqual([Seen.uneventful, BOTH, BOTH]);
});

it.each<[string, (table: PacketTable) => void]>([
  ['a FIN', (table) => table.tcpFlags.set([Tcp.ack | Tcp.fin], 1)],
  ['a SYN', (table) => table.tcpFlags.set([Tcp.syn], 1)],
  ['no ACK', (table) => table.tcpFlags.set([Tcp.psh], 1)],
  ['a closed window', (table) => table.window.set([0], 1)],
  ['a wrong checksum', (table) => table.checksum.set([Checksum.bad], 1)],
  ['a fragment', (table) => table.ipFlags.set([IpFlag.fragment], 1)],
  ['a TLS alert', (table) => table.tlsRecord.set([21], 1)],
  ['a TLS handshake', (table) => table.tlsRecord.set([22], 1)],
  ['an HTTP head', (table) => table.httpKind.set([1], 1)],
  ['another protocol', (table) => table.protocol.set([17], 1)],
  ['no transport header', (table) => table.layer.set([Layer.network], 1)],
])('%s is eventful, and ends the train', (_what, change) => {
  const table = rows(3);
  change(table);
  expect(seenOf(table)).toEqual([Seen.uneventful, 0, Seen.uneventful]);
});

it.each<[string, (table: PacketTable) => void]>([
  ['another source port', (table) => table.sourcePort.set([40_001], 1)],
  ['another destination port', (table) => table.destinationPort.set([80], 1)],
  ['another network', (table) => table.source.set([0x20010db9], 4)],
  ['another host', (table) => table.destination.set([3], 7)],
])('%s begins another train', (_what, change) => {
  const table = rows(2);
  change(table);
  expect(seenOf(table)).toEqual([Seen.uneventful, Seen.uneventful]);
});

it('times and cut packets of a table are told at once', () => {
  const table = rows(3);
  table.time.set([30, 10, 20]);
  table.layer[1] = Layer.network;
  table.marks[1] = Mark.cut;
  table.capturedLength.set([200, 64, 200]);
  const { earliest, latest, isInOrder, cut, cutAt } = scanRows(table, new Scan(1));
  expect([earliest, latest, isInOrder, cut, cutAt]).toEqual([10, 30, false, 1, 64]);
  table.time.set([10, 10, 20]);
  expect(scanRows(table, new Scan(3)).isInOrder).toBe(true);
});
