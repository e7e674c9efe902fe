import type { Random } from '../truth/random.js';
import { mutateBytes } from './mutate.js';

/** Sizes of pcap: the file's header, a record's, and where a record has its time and captured length. */
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const SECONDS = 0;
const CAPTURED = 8;
/** More records than this say nothing new and take time; a story has a few hundred. */
const MOST_RECORDS = 2_000;
/** A clock that is set: seconds, hours, years. */
const STEPS_S = [1, -1, 3_600, -3_600, 100_000_000, 0x7fff_ffff];

type Edit = (records: Uint8Array[], random: Random) => Uint8Array[];

/** A little-endian pcap with its packets hidden, swapped, doubled, moved in time or damaged. */
export function mutatePackets(pcap: Uint8Array, random: Random): Uint8Array {
  let records = split(pcap);
  const edits = random.integer(1, 3);
  for (let i = 0; i < edits; i++) records = random.pick(EDITS)(records, random);
  return join(pcap, records);
}

/** One capture after the other, as when a tap is restarted or hosts are confused. */
export function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  return join(first, [...split(first), ...split(second)]);
}

const hide: Edit = (records, random) => {
  const share = random.scale(0.001, 0.9);
  return records.filter(() => !random.chance(share));
};

const keepPart: Edit = (records, random) => {
  const from = random.integer(0, records.length);
  return records.slice(from, random.integer(from, records.length));
};

const swap: Edit = (records, random) => {
  const swaps = Math.round(random.scale(1, 50));
  for (let i = 0; i < swaps && records.length > 1; i++) {
    const a = random.integer(0, records.length - 1);
    const b = Math.min(records.length - 1, a + Math.round(random.scale(1, records.length)));
    [records[a], records[b]] = [records[b] as Uint8Array, records[a] as Uint8Array];
  }
  return records;
};

const double: Edit = (records, random) => {
  const share = random.scale(0.001, 0.5);
  return records.flatMap((record) => (random.chance(share) ? [record, record] : [record]));
};

const shuffle: Edit = (records, random) =>
  records
    .map((record) => ({ record, key: random.unit() }))
    .sort((a, b) => a.key - b.key)
    .map(({ record }) => record);

const step: Edit = (records, random) => {
  const from = random.integer(0, records.length);
  const bySeconds = random.pick(STEPS_S);
  return records.map((record, i) => {
    if (i < from) return record;
    const moved = record.slice();
    const view = new DataView(moved.buffer);
    view.setUint32(SECONDS, view.getUint32(SECONDS, true) + bySeconds, true);
    return moved;
  });
};

/** The bytes of packets, not of their record headers: the file stays readable. */
const damage: Edit = (records, random) => {
  const share = random.scale(0.002, 0.5);
  return records.map((record) => (random.chance(share) ? damaged(record, random) : record));
};

const EDITS: readonly Edit[] = [hide, hide, keepPart, swap, double, shuffle, step, damage, damage];

function damaged(record: Uint8Array, random: Random): Uint8Array {
  const packet = mutateBytes(record.subarray(RECORD_HEADER), random);
  const changed = new Uint8Array(RECORD_HEADER + packet.length);
  changed.set(record.subarray(0, RECORD_HEADER));
  changed.set(packet, RECORD_HEADER);
  new DataView(changed.buffer).setUint32(CAPTURED, packet.length, true);
  return changed;
}

function split(pcap: Uint8Array): Uint8Array[] {
  const view = new DataView(pcap.buffer, pcap.byteOffset, pcap.byteLength);
  const records: Uint8Array[] = [];
  for (let at = FILE_HEADER; at + RECORD_HEADER <= pcap.length && records.length < MOST_RECORDS; ) {
    const end = at + RECORD_HEADER + view.getUint32(at + CAPTURED, true);
    records.push(pcap.slice(at, end));
    at = end;
  }
  return records;
}

function join(pcap: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([pcap.subarray(0, FILE_HEADER), ...records]));
}
