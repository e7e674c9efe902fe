import { describe, expect, it } from 'vitest';
import { ethernet, ipv4, tcp } from '../decode/build.js';
import { FileBuilder } from './blocks.js';
import { readAll, temporaryFile } from './files.js';

const packet = (port: number) =>
  Uint8Array.from(ethernet(0x0800, ipv4(6, tcp([1, 2, 3], { sourcePort: port }))));

interface Variant {
  readonly name: string;
  readonly magic: number;
  readonly little: boolean;
  readonly tickNs: number;
  /** Bytes after the record header of the classic format. */
  readonly extra?: (b: FileBuilder) => void;
}

const VARIANTS: readonly Variant[] = [
  { name: 'microseconds, little-endian', magic: 0xa1b2c3d4, little: true, tickNs: 1000 },
  { name: 'microseconds, big-endian', magic: 0xa1b2c3d4, little: false, tickNs: 1000 },
  { name: 'nanoseconds, little-endian', magic: 0xa1b23c4d, little: true, tickNs: 1 },
  { name: 'nanoseconds, big-endian', magic: 0xa1b23c4d, little: false, tickNs: 1 },
  {
    name: "Kuznetzov's, with interface index and packet type",
    magic: 0xa1b2cd34,
    little: true,
    tickNs: 1000,
    extra: (b) => b.u32(5).u16(0x0800).bytes(Uint8Array.of(4, 0)),
  },
];

function write(variant: Variant, packets: readonly Uint8Array[], linkType = 1): Uint8Array {
  const b = new FileBuilder(variant.little).u32(variant.magic).u16(2, 4).u32(0, 0, 262144, linkType);
  packets.forEach((bytes, i) => {
    b.u32(1_700_000_000 + i, 999_999 - i, bytes.length, bytes.length + 1000);
    variant.extra?.(b);
    b.bytes(bytes);
  });
  return b.build();
}

const NANOSECONDS = VARIANTS[2] as Variant;

describe.each(VARIANTS)('pcap in $name', (variant) => {
  it('gives back times, lengths and packets', () => {
    const path = temporaryFile('x.pcap', write(variant, [packet(1), packet(2)]));
    const { packets, info } = readAll(path);
    expect(packets.map((p) => p.sourcePort)).toEqual([1, 2]);
    const ns = (i: number) =>
      1_700_000_000_000_000_000n + BigInt(i) * 1_000_000_000n + BigInt((999_999 - i) * variant.tickNs);
    expect(packets.map((p) => p.timeNs)).toEqual([ns(0), ns(1)]);
    expect(packets[0]).toMatchObject({ capturedLength: 57, wireLength: 1057 });
    expect(packets[0]?.ifindex).toBe(variant.extra === undefined ? 0 : 5);
    expect(info).toMatchObject({ format: 'pcap', tickNs: variant.tickNs, linkTypes: [1], snaplen: 262144 });
    expect(info).toMatchObject({ truncated: null, kernelDrops: null });
  });
});

describe('a damaged pcap', () => {
  const whole = write(NANOSECONDS, [packet(1), packet(2), packet(3)]);

  it('keeps the packets before the end when it is cut anywhere', () => {
    const record = 16 + 57;
    for (let size = 24; size < whole.length; size += 7) {
      const { packets, info } = readAll(temporaryFile('cut.pcap', whole.subarray(0, size)));
      const complete = Math.floor((size - 24) / record);
      expect(packets.length).toBe(complete);
      expect(info.truncated === null).toBe((size - 24) % record === 0);
    }
  });

  it('stops at an absurd length and says where', () => {
    const bytes = whole.slice();
    new DataView(bytes.buffer).setUint32(24 + 73 + 8, 0xdeadbeef, true);
    const { packets, info } = readAll(temporaryFile('bad.pcap', bytes));
    expect(packets.map((p) => p.sourcePort)).toEqual([1]);
    expect(info.truncated).toContain('packet 2 claims 3735928559 bytes');
  });
});

describe('a file that cannot be analysed is refused', () => {
  it.each<[string, Uint8Array | string, string]>([
    ['empty', '', 'is empty'],
    ['text', '12:00:01 IP 10.0.0.1.80 > 10.0.0.2.99: Flags [R]\n', 'tcpdump -w'],
    ['a zip archive', Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0), 'zip archive'],
    ['zstd', Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0), 'zstd -d'],
    ['unknown', Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7), '0001020304050607'],
    ['cut in its header', write(NANOSECONDS, []).subarray(0, 20), 'within its file header'],
    ['wireless', write(NANOSECONDS, [packet(1)], 105), '802.11'],
    ['of a link type without a name', write(NANOSECONDS, [packet(1)], 299), 'link type 299'],
  ])('when it is %s', (_, bytes, message) => {
    const path = temporaryFile('input', bytes);
    expect(() => readAll(path)).toThrow(message);
    expect(() => readAll(path)).toThrow(path);
  });

  it('when it is not there, or a directory', () => {
    expect(() => readAll('/nonexistent/x.pcap')).toThrow('no such file');
    expect(() => readAll('/')).toThrow('directory');
  });
});
