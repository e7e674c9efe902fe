import { Checksum, PacketTable, PacketType } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { LinkType } from '../../decode/link.js';
import type { RawSink } from '../raw-sink.js';
import { BlockReader, type BlockReaderOptions } from './block-reader.js';

/** Two blocks of one page; offsets are those of linux/if_packet.h, written down anew. */
const BLOCK_BYTES = 4096;
const BLOCKS = 2;
const BLOCK_HEADER = 48;
const FRAME_BYTES = 160;
const MAC_OFFSET = 82;
const USER = 1;
const OUTGOING = 4;
const LOOPBACK = 772;
const CHECKSUM_NOT_READY = 8;
const VLAN_VALID = 16;
const LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A UDP datagram of four bytes with a checksum that is wrong. */
const DATAGRAM = Uint8Array.from([
  ...[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x08, 0x00],
  ...[0x45, 0, 0, 32, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  ...[0x9c, 0x40, 0x13, 0x8a, 0, 12, 0xbe, 0xef, 1, 2, 3, 4],
]);

interface Frame {
  readonly second: number;
  readonly status?: number;
  readonly vlanTci?: number;
  readonly hardware?: number;
  readonly packetType?: number;
}

const memory = () => new ArrayBuffer(BLOCK_BYTES * BLOCKS);
const statusOf = (ring: ArrayBuffer, block: number) =>
  new DataView(ring).getUint32(block * BLOCK_BYTES + 8, LITTLE);

/** Does what the kernel does: fills a block and hands it over. */
function retire(ring: ArrayBuffer, block: number, frames: readonly Frame[]): void {
  const view = new DataView(ring, block * BLOCK_BYTES, BLOCK_BYTES);
  view.setUint32(12, frames.length, LITTLE);
  view.setUint32(16, BLOCK_HEADER, LITTLE);
  frames.forEach((frame, i) => {
    const at = BLOCK_HEADER + i * FRAME_BYTES;
    const isLast = i === frames.length - 1;
    const { second, status = 0, vlanTci = 0, hardware = 1, packetType = 0 } = frame;
    const words = [isLast ? 0 : FRAME_BYTES, second, 7, DATAGRAM.length, DATAGRAM.length, status];
    words.forEach((word, k) => void view.setUint32(at + k * 4, word, LITTLE));
    view.setUint16(at + 24, MAC_OFFSET, LITTLE);
    view.setUint32(at + 32, vlanTci, LITTLE);
    view.setUint32(at + 52, 3, LITTLE);
    view.setUint16(at + 56, hardware, LITTLE);
    view.setUint8(at + 58, packetType);
    new Uint8Array(ring).set(DATAGRAM, block * BLOCK_BYTES + at + MAC_OFFSET);
  });
  view.setUint32(8, USER, LITTLE);
}

function readerOf(ring: ArrayBuffer, options: Partial<BlockReaderOptions> = {}): BlockReader {
  const linkType = LinkType.ethernet;
  const usual = { memory: ring, blockBytes: BLOCK_BYTES, linkType, snaplen: 96, digestKey: null };
  return new BlockReader({ ...usual, ...options });
}

const seconds = (table: PacketTable) =>
  [...table.time.subarray(0, table.length)].map((ns) => Number(table.baseNs / 1_000_000_000n) + ns / 1e9);

describe('blocks of a ring', () => {
  it('are read in turn, round and round, and given back', () => {
    const ring = memory();
    const reader = readerOf(ring);
    const table = new PacketTable(64);
    expect(reader.read(table)).toBe(true);
    expect(table.length).toBe(0);
    for (let turn = 0; turn < 5; turn++) {
      retire(ring, turn % BLOCKS, [{ second: 100 + 2 * turn }, { second: 101 + 2 * turn }]);
      expect(reader.read(table)).toBe(true);
      expect(statusOf(ring, turn % BLOCKS)).toBe(0);
    }
    expect(seconds(table)).toEqual([100, 101, 102, 103, 104, 105, 106, 107, 108, 109]);
    expect([reader.rows, reader.taken]).toEqual([10, 10]);
  });

  it('are kept until their last packet fits into a table', () => {
    const ring = memory();
    const reader = readerOf(ring);
    retire(ring, 0, [{ second: 1 }, { second: 2 }, { second: 3 }]);
    const table = new PacketTable(2);
    expect(reader.read(table)).toBe(false);
    expect([table.length, statusOf(ring, 0)]).toEqual([2, USER]);
    table.length = 0;
    expect(reader.read(table)).toBe(true);
    expect([seconds(table), statusOf(ring, 0)]).toEqual([[3], 0]);
  });

  it('may be empty', () => {
    const ring = memory();
    const reader = readerOf(ring);
    retire(ring, 0, []);
    retire(ring, 1, [{ second: 1 }]);
    const table = new PacketTable(4);
    expect(reader.read(table)).toBe(true);
    expect([table.length, statusOf(ring, 0)]).toEqual([1, 0]);
  });
});

describe('what a frame says beside its bytes', () => {
  it('is its interface and direction, its VLAN, and whether its checksum is still to be made', () => {
    const ring = memory();
    const table = new PacketTable(4);
    const tagged = { vlanTci: 0x6007, status: VLAN_VALID };
    const sent = { packetType: OUTGOING, status: CHECKSUM_NOT_READY };
    retire(ring, 0, [
      { second: 1, ...sent },
      { second: 1, ...tagged },
    ]);
    readerOf(ring).read(table);
    expect([...table.ifindex.subarray(0, 2)]).toEqual([3, 3]);
    expect([...table.packetType.subarray(0, 2)]).toEqual([PacketType.outgoing, PacketType.host]);
    expect([...table.vlan.subarray(0, 2)]).toEqual([0xffff, 7]);
    expect([...table.wireLength.subarray(0, 2)]).toEqual([DATAGRAM.length, DATAGRAM.length + 4]);
    expect([...table.checksum.subarray(0, 2)]).toEqual([Checksum.partial, Checksum.bad]);
  });

  it('makes no row of what loopback sends, which comes in again', () => {
    const ring = memory();
    const reader = readerOf(ring);
    const table = new PacketTable(4);
    const loopback = { hardware: LOOPBACK, second: 1 };
    retire(ring, 0, [{ ...loopback, packetType: OUTGOING }, loopback]);
    reader.read(table);
    expect([table.length, reader.rows, reader.taken]).toEqual([1, 1, 2]);
  });
});

describe('frames as they are kept', () => {
  /** What a reader hands on of these frames. */
  function kept(frames: readonly Frame[], options: Partial<BlockReaderOptions> = {}) {
    const packets: { seconds: number; wire: number; bytes: Buffer }[] = [];
    const ring = memory();
    const raw: RawSink = {
      begin: () => undefined,
      packet: (second, _ns, wire, bytes, at, length) =>
        packets.push({ seconds: second, wire, bytes: Buffer.from(bytes.subarray(at, at + length)) }),
    };
    const reader = readerOf(ring, { ...options, raw });
    retire(ring, 0, frames);
    // A table that is full in the middle of the block: no frame comes twice.
    const table = new PacketTable(2);
    while (!reader.read(table)) table.length = 0;
    return packets;
  }

  it('are whole, once each, without those that loopback shows twice', () => {
    const loopback = { hardware: LOOPBACK, packetType: OUTGOING, second: 9 };
    const packets = kept([{ second: 1 }, loopback, { second: 2 }, { second: 3 }]);
    expect(packets.map(({ seconds }) => seconds)).toEqual([1, 2, 3]);
    expect(packets.every(({ bytes }) => bytes.equals(DATAGRAM))).toBe(true);
  });

  it('have their VLAN tag where it was on the wire, and are cut to the snaplen with it', () => {
    const tagged = { second: 1, vlanTci: 0x6007, status: VLAN_VALID };
    const whole = Buffer.concat([
      DATAGRAM.subarray(0, 12),
      Buffer.from('81006007', 'hex'),
      DATAGRAM.subarray(12),
    ]);
    expect(kept([tagged])).toEqual([{ seconds: 1, wire: whole.length, bytes: whole }]);
    expect(kept([tagged], { snaplen: 30 })[0]?.bytes).toEqual(whole.subarray(0, 30));
  });

  it('have a cooked header on any, in network byte order', () => {
    const [packet] = kept([{ second: 1, packetType: OUTGOING }], { linkType: LinkType.cooked2 });
    // Protocol and address are not set in these frames; interface 3, ARPHRD_ETHER, sent by us.
    expect(packet?.bytes.subarray(0, 12).toString('hex')).toBe('000000000000000300010400');
    expect(packet?.bytes.subarray(20)).toEqual(Buffer.from(DATAGRAM));
    expect(packet?.wire).toBe(DATAGRAM.length + 20);
  });
});
