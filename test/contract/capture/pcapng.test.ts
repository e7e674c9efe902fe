import { PacketType } from '@bothends/proto';
import { describe, expect, it } from 'vitest';
import { cooked2, ethernet, ipv4, tcp } from '../decode/build.js';
import { FileBuilder, stamp } from './blocks.js';
import { readAll, temporaryFile } from './files.js';

const BLOCK = { interface: 1, oldPacket: 2, simple: 3, statistics: 5, enhanced: 6, custom: 0x0bad } as const;
const ip = (port: number) => ipv4(6, tcp([1, 2, 3], { sourcePort: port }));
const packet = (port: number) => Uint8Array.from(ethernet(0x0800, ip(port)));
const SECOND = 1_700_000_000n;
const NS = 1_000_000_000n;

interface InterfaceOptions {
  linkType?: number;
  snaplen?: number;
  name?: string;
  resolution?: number;
  offsetSeconds?: bigint;
}

function describeInterface(b: FileBuilder, little: boolean, options: InterfaceOptions = {}): FileBuilder {
  return b.block(BLOCK.interface, (body) => {
    body.u16(options.linkType ?? 1, 0).u32(options.snaplen ?? 0);
    if (options.name !== undefined) body.option(2, new TextEncoder().encode(options.name));
    if (options.resolution !== undefined) body.option(9, Uint8Array.of(options.resolution));
    if (options.offsetSeconds !== undefined) {
      body.option(14, new FileBuilder(little).u64(BigInt.asUintN(64, options.offsetSeconds)).build());
    }
    body.u16(0, 0);
  });
}

function enhanced(b: FileBuilder, id: number, ticks: bigint, bytes: Uint8Array, flags?: number): FileBuilder {
  return b.block(BLOCK.enhanced, (body) => {
    body
      .u32(id, ...stamp(ticks), bytes.length, bytes.length + 5)
      .bytes(bytes)
      .pad();
    if (flags !== undefined) body.u16(2, 4).u32(flags).u16(0, 0);
  });
}

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('pcapng, %s', (_, little) => {
  const start = () => new FileBuilder(little).section();
  const read = (b: FileBuilder) => readAll(temporaryFile('x.pcapng', b.build()));

  it('reads packets, their times, directions and the interface', () => {
    const b = describeInterface(start(), little, { name: 'eth7', resolution: 9, snaplen: 200 });
    enhanced(b, 0, SECOND * NS + 123_456_789n, packet(1), 1);
    enhanced(b, 0, SECOND * NS + 123_456_790n, packet(2), 2);
    const { packets, info } = read(b);
    expect(packets.map((p) => p.timeNs)).toEqual([SECOND * NS + 123_456_789n, SECOND * NS + 123_456_790n]);
    expect(packets.map((p) => p.packetType)).toEqual([PacketType.host, PacketType.outgoing]);
    expect(packets[0]).toMatchObject({ sourcePort: 1, capturedLength: 57, wireLength: 62, ifindex: 2 });
    expect(info).toMatchObject({ format: 'pcapng', tickNs: 1, snaplen: 200, linkTypes: [1] });
    expect(info.interfaces[0]?.name).toBe('eth7');
  });

  it('numbers an interface 1, as Linux does its loopback, by the name lo only', () => {
    const b = describeInterface(start(), little, { name: 'eth0' });
    describeInterface(b, little, { name: 'lo' });
    enhanced(b, 0, SECOND, packet(1));
    enhanced(b, 1, SECOND, packet(2));
    expect(read(b).packets.map((p) => p.ifindex)).toEqual([2, 1]);
  });

  it.each<[string, InterfaceOptions, bigint, bigint]>([
    ['microseconds unless said otherwise', {}, SECOND * 1_000_000n + 7n, SECOND * NS + 7000n],
    ['milliseconds', { resolution: 3 }, SECOND * 1000n + 7n, SECOND * NS + 7_000_000n],
    ['binary fractions', { resolution: 0x80 | 10 }, SECOND * 1024n + 512n, SECOND * NS + NS / 2n],
    ['an offset in seconds', { offsetSeconds: SECOND }, 5_000_000n, SECOND * NS + 5n * NS],
  ])('counts time in %s', (_name, options, ticks, expected) => {
    const b = describeInterface(start(), little, options);
    expect(read(enhanced(b, 0, ticks, packet(1))).packets[0]?.timeNs).toBe(expected);
  });

  it('puts interfaces of different link types and clocks on one time line', () => {
    const b = describeInterface(start(), little, { resolution: 6 });
    describeInterface(b, little, { linkType: 276, resolution: 9 });
    enhanced(b, 0, SECOND * 1_000_000n, packet(1));
    enhanced(b, 1, SECOND * NS - 250n, Uint8Array.from(cooked2(12, 4, 0x0800, ip(2))));
    const { packets, info } = read(b);
    expect(packets.map((p) => p.sourcePort)).toEqual([1, 2]);
    expect(packets.map((p) => p.timeNs)).toEqual([SECOND * NS, SECOND * NS - 250n]);
    expect(packets.map((p) => p.ifindex)).toEqual([2, 12]);
    expect(info.linkTypes).toEqual([1, 276]);
  });

  it('reads a second section, simple and old packet blocks', () => {
    const b = describeInterface(start(), little);
    enhanced(b, 0, SECOND * 1_000_000n, packet(1));
    describeInterface(b.section(), little, { snaplen: 54 });
    b.block(BLOCK.simple, (body) => body.u32(57).bytes(packet(2).subarray(0, 54)));
    b.block(BLOCK.oldPacket, (body) =>
      body
        .u16(0, 3)
        .u32(...stamp(SECOND * 1_000_000n + 1n), 57, 57)
        .bytes(packet(3)),
    );
    const { packets, info } = read(b);
    expect(packets.map((p) => p.capturedLength)).toEqual([57, 54, 57]);
    expect(packets.map((p) => p.sourcePort)).toEqual([1, 2, 3]);
    expect(packets[2]?.timeNs).toBe(SECOND * NS + 1000n);
    expect(info.truncated).toBeNull();
  });

  it('takes drop counts and the time of opening from statistics', () => {
    const b = describeInterface(start(), little, { resolution: 9 });
    enhanced(b, 0, SECOND * NS, packet(1));
    const statistics = (drops: bigint) =>
      b.block(BLOCK.statistics, (body) => {
        body.u32(0, ...stamp(SECOND * NS));
        body.u16(2, 8).u32(...stamp((SECOND - 1n) * NS));
        body.u16(3, 8).u32(...stamp((SECOND + 9n) * NS));
        body.u16(5, 8).u64(drops).u16(0, 0);
      });
    statistics(3n);
    statistics(17n);
    const { info } = read(b);
    expect(info).toMatchObject({
      kernelDrops: 17,
      openedNs: (SECOND - 1n) * NS,
      closedNs: (SECOND + 9n) * NS,
    });
  });

  it('skips blocks that it does not know, also those larger than any buffer', () => {
    const b = describeInterface(start(), little);
    b.block(BLOCK.custom, (body) => body.bytes(new Uint8Array(5_000_000)));
    const { packets, info } = read(enhanced(b, 0, 1n, packet(9)));
    expect(packets.map((p) => p.sourcePort)).toEqual([9]);
    expect(info.truncated).toBeNull();
  });

  it('keeps what it can read beside an interface that it cannot, and refuses a file with nothing else', () => {
    const mixed = describeInterface(describeInterface(start(), little), little, { linkType: 105 });
    enhanced(enhanced(mixed, 1, 1n, packet(1)), 0, 2n, packet(2));
    const { packets, info } = read(mixed);
    expect(packets.map((p) => p.sourcePort)).toEqual([2]);
    expect(info.skippedPackets).toBe(1);
    const wireless = enhanced(describeInterface(start(), little, { linkType: 105 }), 0, 1n, packet(1));
    expect(() => read(wireless)).toThrow('802.11');
  });

  it('keeps the packets before the place where it is cut or damaged', () => {
    const b = describeInterface(start(), little);
    const whole = enhanced(enhanced(b, 0, 1n, packet(1)), 0, 2n, packet(2)).build();
    for (let size = whole.length - 1; size > whole.length - 90; size -= 11) {
      const { packets, info } = readAll(temporaryFile('cut.pcapng', whole.subarray(0, size)));
      expect(packets.map((p) => p.sourcePort)).toEqual([1]);
      expect(info.truncated).toContain('middle of a packet');
    }
    const damaged = enhanced(
      enhanced(describeInterface(start(), little), 0, 1n, packet(1)),
      4,
      2n,
      packet(2),
    );
    expect(read(damaged).info.truncated).toContain('interface 4');
  });
});
