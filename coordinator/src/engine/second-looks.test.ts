import { Layer, PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { Look, SecondLooks } from './second-looks.js';

/** µs after which a mirror shows the same packet again. */
const LATER = 20;

interface Seen {
  at: number;
  from: 'near' | 'far';
  id: number;
  sequence: number;
  packetType?: number;
}

/** A table of TCP data segments, times in µs. */
function tableOf(packets: readonly Seen[]): PacketTable {
  const table = new PacketTable(packets.length);
  packets.forEach(({ at, from, id, sequence, packetType = 255 }, i) => {
    table.time[i] = at * 1_000;
    table.layer[i] = Layer.transport;
    table.protocol[i] = 6;
    table.source[i * 4] = from === 'near' ? 1 : 2;
    table.destination[i * 4] = from === 'near' ? 2 : 1;
    table.ipId[i] = id;
    table.sequence[i] = sequence;
    table.payloadLength[i] = 100;
    table.packetType[i] = packetType;
  });
  table.length = packets.length;
  return table;
}

/** `count` packets of either end, each way by turns, a millisecond apart. */
function talk(count: number, again: (packet: Seen) => Seen[]): Seen[] {
  const packets = Array.from({ length: count }, (_, k): Seen[] => {
    const packet: Seen = { at: k * 1_000, from: k % 2 === 0 ? 'near' : 'far', id: 100 + k, sequence: k };
    return [packet, ...again(packet)];
  });
  return packets.flat();
}

const marksOf = (packets: readonly Seen[]) => new SecondLooks().of(tableOf(packets), null, 0);

test('what a mirror shows again is a second look', () => {
  const marks = marksOf(talk(6, (packet) => [{ ...packet, at: packet.at + LATER }]));
  expect([...(marks ?? [])]).toEqual(Array.from({ length: 12 }, (_, i) => (i % 2 ? Look.again : Look.first)));
});

test('seen coming in and going out it was seen elsewhere', () => {
  const marks = marksOf(
    talk(6, (packet) => [{ ...packet, at: packet.at + LATER, packetType: 4 }]).map((p) => ({
      packetType: 0,
      ...p,
    })),
  );
  expect(marks?.[1]).toBe(Look.elsewhere);
});

test('a path that duplicates what comes from one end is no mirror', () => {
  const copies = (packet: Seen) => (packet.from === 'far' ? [{ ...packet, at: packet.at + LATER }] : []);
  expect(marksOf(talk(40, copies))).toBeNull();
});

test('a tap that shows packets once is not looked at for ever', () => {
  const looks = new SecondLooks();
  expect(looks.of(tableOf(talk(80, () => [])), null, 0)).toBeNull();
  const mirrored = talk(6, (packet) => [{ ...packet, at: packet.at + LATER }]);
  expect(looks.of(tableOf(mirrored), null, 1e9)).toBeNull();
});

test('the same again after more than a moment is a packet of its own', () => {
  expect(marksOf(talk(6, (packet) => [{ ...packet, at: packet.at + 5_000 }]))).toBeNull();
});
