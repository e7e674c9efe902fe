import type { RecordParser } from '@bothends/agent/capture/format/parser';
import { PcapParser } from '@bothends/agent/capture/format/pcap';
import { PcapngParser } from '@bothends/agent/capture/format/pcapng';
import { Window } from '@bothends/agent/capture/format/window';
import { pcapFileHeader, pcapRecord } from '@bothends/agent/testing/pcap-writer';
import { BothendsError, PacketTable } from '@bothends/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FileBuilder, stamp } from '../contract/capture/blocks.js';
import { FRAMES } from '../contract/decode/frames.js';

/** Short enough for every test run; `npm run fuzz` runs the long ones. */
const RUNS = 500;
const LARGEST_PORTION = 700;
const TABLE_ROWS = 5;

const frames = Object.values(FRAMES).filter((frame) => frame.linkType === 1);

function pcap(): Uint8Array {
  const records = frames.map(({ bytes }, i) => pcapRecord(bytes, BigInt(i) * 1_000_000_007n));
  return new Uint8Array(Buffer.concat([pcapFileHeader(1, 65535), ...records]));
}

function pcapng(): Uint8Array {
  const b = new FileBuilder(true).section().block(1, (body) => body.u16(1, 0).u32(0));
  frames.forEach(({ bytes }, i) => {
    b.block(6, (body) =>
      body.u32(0, ...stamp(BigInt(i) * 1_000_007n), bytes.length, bytes.length).bytes(bytes),
    );
    if (i % 9 === 0) b.block(0xbad, (body) => body.bytes(new Uint8Array(i * 40)));
  });
  return b.block(5, (body) => body.u32(0, 0, 0).u16(5, 8).u64(3n)).build();
}

/** Rows, in text, of a capture that arrives in portions, and why it stopped. */
function parse(
  parser: RecordParser,
  bytes: Uint8Array,
  portions: readonly number[],
): { rows: string[]; failure: string | null } {
  const window = new Window(LARGEST_PORTION);
  const table = new PacketTable(TABLE_ROWS);
  const rows: string[] = [];
  for (let at = 0, i = 0; at < bytes.length && parser.failure === null; i++) {
    const size = portions.length === 0 ? LARGEST_PORTION : (portions[i % portions.length] as number);
    at += window.fill((into, offset, room) => {
      const part = bytes.subarray(at, at + Math.min(size, room));
      into.set(part, offset);
      return part.length;
    });
    do {
      table.length = 0;
      window.parse(parser, table);
      for (let row = 0; row < table.length; row++) {
        rows.push(
          `${table.time[row]} ${table.wireLength[row]} ${table.payloadLength[row]} ${table.digestLow[row]}`,
        );
      }
    } while (table.length === table.capacity);
  }
  return { rows, failure: parser.failure };
}

const sizes = fc.array(fc.integer({ min: 1, max: LARGEST_PORTION }), { minLength: 1, maxLength: 20 });
const changes = fc.array(fc.record({ at: fc.nat(), value: fc.nat(255) }), { minLength: 1, maxLength: 8 });

describe.each([
  ['pcap', pcap(), () => new PcapParser()],
  ['pcapng', pcapng(), () => new PcapngParser()],
])('%s', (_, bytes, parser) => {
  it('reads the same in whatever portions it arrives', () => {
    const whole = parse(parser(), bytes, []);
    expect(whole.rows.length).toBe(frames.length);
    const property = fc.property(sizes, (portions) => {
      expect(parse(parser(), bytes, portions)).toEqual(whole);
    });
    fc.assert(property, { numRuns: RUNS / 5 });
  });

  it('survives damage: rows until then, a reason, or a clear refusal', () => {
    const property = fc.property(changes, sizes, fc.nat(bytes.length), (damage, portions, length) => {
      const damaged = bytes.slice(0, length);
      for (const { at, value } of damage) if (length > 0) damaged[at % length] = value;
      try {
        const { rows } = parse(parser(), damaged, portions);
        // A damaged length can split a packet into several, never into more than its bytes allow.
        expect(rows.length).toBeLessThanOrEqual(length / 12);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(BothendsError);
      }
    });
    fc.assert(property, { numRuns: RUNS });
  });
});
