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
  ifindex?: number;
  length?: number;
}

/** A table of TCP data segments, times in µs. */
function tableOf(packets: readonly Seen[]): PacketTable {
  const table = new PacketTable(packets.length);
  packets.forEach(({ at, from, id, sequence, packetType = 255, ifindex = 0, length = 100 }, i) => {
    table.time[i] = at * 1_000;
    table.layer[i] = Layer.transport;
    table.protocol[i] = 6;
    table.source[i * 4] = from === 'near' ? 1 : 2;
    table.destination[i * 4] = from === 'near' ? 2 : 1;
    table.ipId[i] = id;
    table.sequence[i] = sequence;
    table.payloadLength[i] = length;
    table.ifindex[i] = ifindex;
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

/** Segments of `count` times 3 × 100 bytes and their ACKs, each whole at interface 1 and in three pieces at interface 2. */
function throughTunnel(count: number, isCutFirst: boolean): Seen[] {
  const seen: Seen[] = [];
  for (let k = 0; k < count; k++) {
    const at = k * 10_000;
    const whole: Seen = { at, from: 'near', id: 100 + 3 * k, sequence: 300 * k, length: 300, ifindex: 1 };
    const pieces = [0, 1, 2].map(
      (n): Seen => ({
        ...whole,
        id: whole.id + n,
        sequence: whole.sequence + 100 * n,
        length: 100,
        ifindex: 2,
      }),
    );
    const ack: Seen = { at: at + 500, from: 'far', id: 7000 + k, sequence: 1, length: 0, ifindex: 2 };
    const order = isCutFirst ? [...pieces, whole] : [whole, ...pieces];
    seen.push(...order.map((packet, n) => ({ ...packet, at: at + n * 5 })));
    seen.push(ack, { ...ack, at: ack.at + 5, ifindex: 1 });
  }
  return seen;
}

test('a segment and the pieces that a tunnel makes of it are one', () => {
  const marks = [...(marksOf(throughTunnel(8, false)) ?? [])];
  expect(marks.slice(0, 6)).toEqual([
    Look.first,
    Look.again,
    Look.again,
    Look.again,
    Look.first,
    Look.elsewhere,
  ]);
});

test('pieces out of a tunnel and what they are merged to are one', () => {
  const marks = [...(marksOf(throughTunnel(8, true)) ?? [])];
  expect(marks.slice(0, 6)).toEqual([
    Look.first,
    Look.first,
    Look.first,
    Look.again,
    Look.first,
    Look.elsewhere,
  ]);
});

test('one interface that shows bytes again shows a retransmission', () => {
  const again = throughTunnel(8, false).map((packet) => ({ ...packet, ifindex: 1 }));
  expect(marksOf(again)?.slice(0, 4) ?? null).toBeNull();
});
