import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { BothendsError, COLUMNS, PacketTable } from '@bothends/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pcapFileHeader, pcapRecord } from '../../testing/pcap-writer.js';
import { openCaptureFile } from './file.js';
import { readTables, type TableReader } from './reader.js';

/** LINKTYPE_RAW; 802.11 wireless is not read. */
const RAW = 101;
const WIRELESS = 105;
const SNAPLEN = 192;
/** Far more than a ring holds, so that tables are reused. */
const PACKETS = 100_000;
const EPOCH_NS = 1_767_348_000_000_000_000n;

/** Five words without options, and ACK alone. */
const TCP_HEADER = (5 << 12) | 0x10;

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-reader-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

const TCP = 6;
const UDP = 17;

/** A capture with more bytes than are read without a thread; every packet has its own IP ID and source port. */
function capture(protocol = UDP, linkType = RAW): Buffer {
  const parts: Uint8Array[] = [pcapFileHeader(linkType, SNAPLEN)];
  for (let i = 0; i < PACKETS; i++) {
    const packet = new Uint8Array(60);
    const view = new DataView(packet.buffer);
    packet.set([0x45, 0, 0, 60]);
    view.setUint16(4, i & 0xffff);
    packet.set([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2], 8);
    view.setUint16(20, 1024 + (i % 60_000));
    view.setUint16(22, 9);
    if (protocol === TCP) {
      view.setUint32(24, i);
      view.setUint16(32, TCP_HEADER);
    } else {
      view.setUint16(24, 40);
      view.setUint32(28, i);
    }
    parts.push(pcapRecord(packet, EPOCH_NS + BigInt(i) * 1000n));
  }
  return Buffer.concat(parts);
}

function file(name: string, bytes: Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

/** A hash of what the rows of a table say in each column, its unused room apart. */
function contents(table: PacketTable): string[] {
  return COLUMNS.map(({ name, stride }) => {
    const used = Buffer.from(table[name].subarray(0, table.length * stride).slice().buffer);
    return `${name} ${createHash('sha256').update(used).digest('hex')}`;
  });
}

function open(path: string): TableReader {
  return readTables([path])[0] as TableReader;
}

/** Reads to the end, and calls `check` with each table. */
function drain(reader: TableReader, check: (table: PacketTable) => void = () => {}): number {
  let packets = 0;
  try {
    for (let table = reader.next(); table !== null; table = reader.next()) {
      packets += table.length;
      check(table);
    }
  } finally {
    reader.close();
  }
  return packets;
}

const THREADS = [
  { what: 'a worker thread', protocol: UDP },
  { what: 'a thread of native code, where that is built', protocol: TCP },
];

describe.each(THREADS)('a capture large enough for $what', ({ protocol }) => {
  test('gives the same rows and facts as one read on the spot', () => {
    const path = file('large.pcap', capture(protocol));
    const plain = openCaptureFile(path);
    let expected = new PacketTable(0);
    const reader = open(path);
    const packets = drain(reader, (table) => {
      if (expected.capacity !== table.capacity) expected = new PacketTable(table.capacity);
      plain.next(expected);
      expect(table.baseNs).toBe(expected.baseNs);
      expect(contents(table)).toEqual(contents(expected));
    });
    expect(packets).toBe(PACKETS);
    expect(plain.next(expected)).toBe(false);
    expect(reader.info).toEqual(plain.info);
    expect([reader.bytesRead, reader.bytesTotal]).toEqual([plain.bytesRead, plain.bytesTotal]);
    plain.close();
  });

  test('a cut one gives what is good and says where it ends', () => {
    const path = file('cut.pcap', capture(protocol).subarray(0, -7));
    const reader = open(path);
    expect(drain(reader)).toBe(PACKETS - 1);
    expect(reader.info.truncated).toContain('ends in the middle of a packet');
  });

  test('errors are those of a small one', () => {
    const foreign = file('photo.pcap', Buffer.concat([Buffer.from('\u0089PNG'), capture(protocol)]));
    const wireless = file('wireless.pcap', capture(protocol, WIRELESS));
    for (const path of [foreign, wireless]) {
      const error = failure(() => openCaptureFile(path));
      expect(failure(() => drain(open(path)))).toEqual(error);
    }
  });

  test('it may be left before its end', () => {
    const reader = open(file('left.pcap', capture(protocol)));
    expect(reader.next()?.length).toBeGreaterThan(0);
    expect(() => reader.info).toThrow('complete only at its end');
    reader.close();
  });
});

describe.each(THREADS)('two captures for $what', ({ protocol }) => {
  test('are read in any turn, far apart or in step', () => {
    const paths = [
      file('first.pcap', capture(protocol)),
      file('second.pcap', capture(protocol).subarray(0, -7)),
    ];
    const [first, second] = readTables(paths) as [TableReader, TableReader];
    let ahead = 0;
    for (let i = 0; i < 10; i++) ahead += first.next()?.length ?? 0;
    expect(drain(second)).toBe(PACKETS - 1);
    expect(second.info.truncated).toContain('ends in the middle of a packet');
    expect(ahead + drain(first)).toBe(PACKETS);
    expect(first.info.truncated).toBeNull();
  });

  test('one that cannot be read does not keep the other from being read', () => {
    const paths = [file('good.pcap', capture(protocol)), file('bad.pcap', Buffer.from('no capture at all'))];
    const [good, bad] = readTables(paths) as [TableReader, TableReader];
    expect(failure(() => bad.next()).message).toContain('bad.pcap: not a capture file');
    expect(drain(good)).toBe(PACKETS);
    bad.close();
  });
});

test('a compressed one is inflated and decoded on threads', () => {
  // Stored, not deflated, so that it stays large enough for a thread.
  const path = file('large.pcap.gz', gzipSync(capture(), { level: 0 }));
  const reader = open(path);
  expect(drain(reader)).toBe(PACKETS);
  expect(reader.info.compressed).toBe(true);
});

function failure(action: () => unknown): { code: string; message: string } {
  try {
    action();
  } catch (thrown) {
    if (thrown instanceof BothendsError) return { code: thrown.code, message: thrown.message };
  }
  throw new Error('it was read');
}

describe('a thread that was started before it was known what to read', () => {
  const script = (then: string) => `
    import { expectFiles } from '@bothends/agent/reading';
    import { readTables } from '@bothends/agent/files';
    expectFiles(['no-file', ...process.argv.slice(1)]);
    ${then}`;
  // With an option of Node that is for a first script only.
  const run = (path: string, then: string) =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script(then), path], {
      encoding: 'utf8',
      timeout: 30_000,
    });

  test('reads all of it', () => {
    const then = `
      const [reader] = readTables(process.argv.slice(1));
      let rows = 0;
      for (let table = reader.next(); table !== null; table = reader.next()) rows += table.length;
      reader.close();
      console.log(rows);`;
    const { status, stdout } = run(file('expected.pcap', capture()), then);
    expect([status, stdout]).toEqual([0, `${PACKETS}\n`]);
  });

  test('keeps no process alive that reads nothing', () => {
    expect(run(file('unread.pcap', capture()), '').status).toBe(0);
  });

  test.each(THREADS)('that ends in the midst of reading by $what, it ends as well', ({ protocol }) => {
    const { status, stderr } = run(
      file('left.pcap', capture(protocol)),
      'readTables(process.argv.slice(1))[0].next();',
    );
    expect([status, stderr]).toEqual([0, '']);
  });
});
