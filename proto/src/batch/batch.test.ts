import { describe, expect, it } from 'vitest';
import { BothendsError } from '../errors/error.js';
import { COLUMNS } from '../packet/columns.js';
import { Layer, NO_VLAN, PacketTable } from '../packet/table.js';
import { BATCH_CODEC, crc32, decodeColumns, encodeColumns } from './index.js';
import { PLAN } from './plan.js';

function codeOf(action: () => void): string {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof BothendsError) return thrown.code;
    throw thrown;
  }
  return 'no error';
}

/** Two segments of 1448 bytes, the second past the end of the sequence space, and their acknowledgment; coding version 1. */
const VERSION_1 =
  '010300002a36fe9c97170000d00fd00fc0010101000002020000072c1073381e000000000003060308030c01b81700cf16011c0000016700' +
  '0001f503000703feff07018284e8a40100820c03feff07018490e8a40100810c0380010100010101a08d0600a9860601f60600aa86060320' +
  '019f1400a0ea5e01d0ec5e00cfd35e03ea07';

const CONNECTIONS = 600;
const MSS = 1448;

/** Three rows of each of many connections, one after the other as they come on a busy link: two segments, their ACK. */
function manyConnections(): PacketTable {
  const table = new PacketTable(CONNECTIONS * 3);
  const ends = [0x0a4d0101, 0x0a4d0402];
  for (let row = 0; row < table.capacity; row++) {
    const [turn, connection] = [Math.floor(row / CONNECTIONS), row % CONNECTIONS];
    const answers = turn === 2;
    const [source = 0, destination = 0] = answers ? ends.toReversed() : ends;
    // Initial sequence numbers are random, and so are digests.
    const isn = Math.imul(connection + 1, 0x9e3779b1) >>> 0;
    const irs = Math.imul(connection + 1, 0x85ebca6b) >>> 0;
    const acked = (isn + 2 * MSS) >>> 0;
    table.time[row] = row * 2000;
    table.wireLength[row] = answers ? 66 : 66 + MSS;
    table.capturedLength[row] = answers ? 66 : 192;
    table.layer[row] = Layer.transport;
    table.ipVersion[row] = 4;
    table.protocol[row] = 6;
    table.ipLength[row] = answers ? 52 : 52 + MSS;
    table.source.set([0, 0, 0xffff, source], row * 4);
    table.destination.set([0, 0, 0xffff, destination], row * 4);
    table.sourcePort[row] = answers ? 443 : 20_000 + connection;
    table.destinationPort[row] = answers ? 20_000 + connection : 443;
    table.payloadLength[row] = answers ? 0 : MSS;
    table.digestLength[row] = answers ? 0 : 64;
    table.digestHigh[row] = Math.imul(row + 1, 0xc2b2ae35);
    table.digestLow[row] = Math.imul(row + 1, 0x27d4eb2f);
    table.tcpFlags[row] = 16;
    table.sequence[row] = answers ? irs : isn + turn * MSS;
    table.acknowledgment[row] = answers ? acked : irs;
  }
  table.length = table.capacity;
  return table;
}

/** One bare UDP packet. */
function oneUdpPacket(): PacketTable {
  const table = new PacketTable(4);
  table.length = 1;
  table.baseNs = 1_700_000_000_123_456_789n;
  table.time[0] = 42;
  table.wireLength[0] = 60;
  table.capturedLength[0] = 60;
  table.layer[0] = Layer.transport;
  table.vlan[0] = 7;
  table.ipVersion[0] = 4;
  table.source.set([0, 0, 0xffff, 0xc0000201]);
  table.destination.set([0, 0, 0xffff, 0xc6336407]);
  table.protocol[0] = 17;
  table.sourcePort[0] = 5353;
  table.destinationPort[0] = 53;
  return table;
}

describe('crc32', () => {
  it('gives the check value of CRC-32/ISO-HDLC', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
  });

  it('sums a message in pieces', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i * 7);
    expect(crc32(bytes.subarray(33), crc32(bytes.subarray(0, 33)))).toBe(crc32(bytes));
  });
});

describe('batch codec', () => {
  it('plans every word of every column except time, once', () => {
    const planned = PLAN.flat().map((column) => `${column.name}.${column.word}`);
    const wanted = COLUMNS.flatMap(({ name, stride }) =>
      Array.from({ length: stride }, (_, word) => `${name}.${word}`),
    ).filter((name) => name !== 'time.0');
    expect(planned.toSorted()).toEqual(wanted.toSorted());
  });

  it('carries an empty batch', () => {
    const table = new PacketTable(4);
    table.length = 3;
    decodeColumns(encodeColumns(new PacketTable(1), 0, 0), table);
    expect(table.length).toBe(0);
  });

  it('carries one packet and its base time', () => {
    const decoded = new PacketTable(1);
    decodeColumns(encodeColumns(oneUdpPacket()), decoded);
    expect(decoded.length).toBe(1);
    expect(decoded.baseNs).toBe(1_700_000_000_123_456_789n);
    expect(decoded.time[0]).toBe(42);
    expect(decoded.vlan[0]).toBe(7);
    expect([...decoded.source]).toEqual([0, 0, 0xffff, 0xc0000201]);
    expect([decoded.sourcePort[0], decoded.destinationPort[0]]).toEqual([5353, 53]);
  });

  it('leaves nothing of an earlier batch in columns that a row does not have', () => {
    const dirty = oneUdpPacket();
    dirty.sequence[0] = 99;
    const decoded = new PacketTable(1);
    decoded.sequence[0] = 98;
    decoded.wscale[0] = 3;
    decodeColumns(encodeColumns(dirty), decoded);
    expect(decoded.sequence[0]).toBe(0);
    expect(decoded.wscale[0]).toBe(255);
  });

  it('codes the rows that are asked for', () => {
    const table = oneUdpPacket();
    table.length = 3;
    table.vlan.set([1, NO_VLAN, 3], 0);
    table.time.set([5, 6, 7], 0);
    const decoded = new PacketTable(4);
    decodeColumns(encodeColumns(table, 1, 3), decoded);
    expect([...decoded.vlan.subarray(0, decoded.length)]).toEqual([NO_VLAN, 3]);
    expect([...decoded.time.subarray(0, decoded.length)]).toEqual([6, 7]);
  });

  it('refuses a range outside the table', () => {
    expect(codeOf(() => encodeColumns(new PacketTable(4), 2, 5))).toBe('invalid-argument');
    expect(codeOf(() => encodeColumns(new PacketTable(4), 3, 2))).toBe('invalid-argument');
  });

  it('keeps times that are no near integers', () => {
    const table = oneUdpPacket();
    table.length = 4;
    table.time.set([-(2 ** 53), 2 ** 53, 0.5, -7]);
    const decoded = new PacketTable(4);
    decodeColumns(encodeColumns(table), decoded);
    expect([...decoded.time]).toEqual([-(2 ** 53), 2 ** 53, 0.5, -7]);
  });

  it('reads what the release before coded, and tells its digests from those of today', () => {
    const table = oneUdpPacket();
    table.prefixDigests = false;
    const bytes = encodeColumns(table);
    const decoded = new PacketTable(4);
    decodeColumns(bytes, decoded);
    expect([bytes[0], decoded.prefixDigests, decoded.length]).toEqual([1, false, table.length]);
    decodeColumns(encodeColumns(oneUdpPacket()), decoded);
    expect(decoded.prefixDigests).toBe(true);
  });

  it('reads batches of versions 1 and 2, in which acknowledgments follow each other', () => {
    const bytes = Uint8Array.from(Buffer.from(VERSION_1, 'hex'));
    for (const version of [1, 2]) {
      bytes[0] = version;
      const decoded = new PacketTable(4);
      decodeColumns(bytes, decoded);
      expect([decoded.length, decoded.prefixDigests]).toEqual([3, version === 2]);
      expect([...decoded.sequence.subarray(0, 3)]).toEqual([4294966000, 152, 777000]);
      expect([...decoded.acknowledgment.subarray(0, 3)]).toEqual([777000, 777000, 1600]);
      expect([...decoded.sourcePort.subarray(0, 3)]).toEqual([50000, 50000, 443]);
    }
  });

  it('takes 16 bytes or less for a packet of many interleaved connections', () => {
    const table = manyConnections();
    const bytes = encodeColumns(table);
    expect(bytes.length / table.length).toBeLessThanOrEqual(16);
    const decoded = new PacketTable(table.length);
    decodeColumns(bytes, decoded);
    expect(decoded.sequence).toEqual(table.sequence);
    expect(decoded.acknowledgment).toEqual(table.acknowledgment);
  });

  it('says so when the coding is of another version', () => {
    const bytes = encodeColumns(oneUdpPacket());
    bytes[0] = BATCH_CODEC + 1;
    expect(codeOf(() => decodeColumns(bytes, new PacketTable(4)))).toBe('unsupported');
  });

  it('refuses a batch that is larger than the table', () => {
    const table = oneUdpPacket();
    table.length = 3;
    expect(codeOf(() => decodeColumns(encodeColumns(table), new PacketTable(2)))).toBe('data-loss');
  });

  it('refuses a batch cut anywhere or continued, and leaves the table empty', () => {
    const table = oneUdpPacket();
    table.length = 4;
    const bytes = encodeColumns(table);
    const decoded = new PacketTable(4);
    for (let length = 1; length < bytes.length; length++) {
      decoded.length = 4;
      expect(codeOf(() => decodeColumns(bytes.subarray(0, length), decoded))).toBe('data-loss');
      expect(decoded.length).toBe(0);
    }
    expect(codeOf(() => decodeColumns(Uint8Array.of(...bytes, 0), decoded))).toBe('data-loss');
  });
});
