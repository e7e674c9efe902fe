import type { RecordParser } from '@bothends/agent/capture/format/parser';
import { PcapParser } from '@bothends/agent/capture/format/pcap';
import { PcapngParser } from '@bothends/agent/capture/format/pcapng';
import { BlockReader } from '@bothends/agent/capture/packet-mmap/block-reader';
import { Decoder } from '@bothends/agent/decode/decoder';
import { scanTable } from '@bothends/agent/decode/scan';
import { COLUMNS, PacketTable, Scan, scanRows } from '@bothends/proto';
import { readPcap, writePcapng } from '../../property/capture-file.js';

/**
 * The same packets decoded with the add-on for plain packets and without it, to be compared. Rows of a table are few, so
 * that runs end within blocks and files, too.
 */
const ROWS = 48;
const LINK_ETHERNET = 1;

/** Whether the add-on was built; without it both ways are one. */
export const isBuilt = new Decoder({ linkType: LINK_ETHERNET }).plain !== null;

/** Tables of a pcap file; `key` as in DecoderOptions. Ends where the file is damaged. */
export function pcapTables(file: Uint8Array, key: Uint8Array | null | undefined, portable: boolean) {
  return tablesOf(file, new PcapParser(key, { portable }));
}

/** The same of a pcapng file with the packets of this pcap file. */
export function pcapngTables(file: Uint8Array, key: Uint8Array | null | undefined, portable: boolean) {
  return tablesOf(new Uint8Array(writePcapng(readPcap(file))), new PcapngParser(key, { portable }));
}

function tablesOf(file: Uint8Array, parser: RecordParser): PacketTable[] {
  const tables: PacketTable[] = [];
  for (let at = 0; ; ) {
    const table = new PacketTable(ROWS);
    const next = parser.parse(file, at, file.length, table);
    if (next === at) return tables;
    at = next;
    tables.push(table);
  }
}

/** Where a captured packet stands in a ring, with what the kernel says of it. */
export interface Frame {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly status: number;
  readonly vlanTci: number;
  readonly hardware: number;
  readonly packetType: number;
  /** EtherType of the address. */
  readonly protocol: number;
}

/** Tables of a ring with one block that holds these frames. */
export function ringTables(frames: readonly Frame[], linkType: number, portable: boolean): PacketTable[] {
  const memory = blockOf(frames);
  const snaplen = 192;
  const options = { memory, blockBytes: memory.byteLength, linkType, snaplen, digestKey: null, portable };
  const reader = new BlockReader(options);
  const tables: PacketTable[] = [];
  for (let done = false; !done; ) {
    const table = new PacketTable(ROWS);
    done = reader.read(table);
    tables.push(table);
  }
  return tables;
}

/** Offsets of linux/if_packet.h, in this machine's byte order. */
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const BLOCK_HEADER = 48;
const MAC_OFFSET = 82;
const USER = 1;

function blockOf(frames: readonly Frame[]): ArrayBuffer {
  const sizes = frames.map(({ bytes }) => (MAC_OFFSET + bytes.length + 15) & ~15);
  const memory = new ArrayBuffer(sizes.reduce((sum, size) => sum + size, BLOCK_HEADER));
  const view = new DataView(memory);
  view.setUint32(8, USER, LITTLE);
  view.setUint32(12, frames.length, LITTLE);
  view.setUint32(16, BLOCK_HEADER, LITTLE);
  let at = BLOCK_HEADER;
  frames.forEach((frame, i) => {
    const { bytes, wireLength, status } = frame;
    const words = [sizes[i] as number, 1_700_000_000 + i, 999_999_000 + i, bytes.length, wireLength, status];
    words.forEach((word, k) => void view.setUint32(at + 4 * k, word, LITTLE));
    view.setUint16(at + 24, MAC_OFFSET, LITTLE);
    view.setUint32(at + 32, frame.vlanTci, LITTLE);
    view.setUint16(at + 50, frame.protocol);
    view.setUint32(at + 52, 3, LITTLE);
    view.setUint16(at + 56, frame.hardware, LITTLE);
    view.setUint8(at + 58, frame.packetType);
    view.setUint8(at + 59, 6);
    new Uint8Array(memory, at + 60, 6).set([2, 0, 0, 0, 0, i & 255]);
    new Uint8Array(memory).set(bytes, at + MAC_OFFSET);
    at += sizes[i] as number;
  });
  return memory;
}

/** The first place where two lists of fresh tables differ, in words; null where they do not. */
export function difference(one: readonly PacketTable[], other: readonly PacketTable[]): string | null {
  if (one.length !== other.length) return `${one.length} and ${other.length} tables`;
  for (const [i, a] of one.entries()) {
    const b = other[i] as PacketTable;
    if (a.length !== b.length || a.baseNs !== b.baseNs) return `table ${i}: ${a.length} and ${b.length} rows`;
    for (const { name, stride } of COLUMNS) {
      for (let k = 0; k < a.length * stride; k++) {
        const row = Math.floor(k / stride);
        // Of the SACK blocks those that the row has.
        if (name === 'sack' && k % stride >= 2 * (a.sackCount[row] as number)) continue;
        if (a[name][k] !== b[name][k])
          return `table ${i}, row ${row}: ${name} is ${a[name][k]} and ${b[name][k]}`;
      }
    }
  }
  return null;
}

/** The first table of which a scan by the add-on tells something else than one without it; null where none does. */
export function scanDifference(tables: readonly PacketTable[]): string | null {
  for (const [i, table] of tables.entries()) {
    const [one, other] = [new Scan(table.capacity), scanRows(table, new Scan(table.capacity))];
    scanTable(one, table);
    const [a, b] = [one, other].map(({ seen, numbers }) => `${seen.subarray(0, table.length)} ${numbers}`);
    if (a !== b) return `table ${i}: ${a} and ${b}`;
  }
  return null;
}
