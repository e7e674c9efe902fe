import { Decoder } from '@bothends/agent/decode/decoder';
import { Layer, Mark, PacketTable } from '@bothends/proto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FRAMES } from '../contract/decode/frames.js';
import { rowOf } from '../contract/decode/rows.js';

/** Short enough for every test run; `npm run fuzz` runs the long ones. */
const RUNS = 3_000;
const ROOM = 32;
const ALL_MARKS = Mark.cut | Mark.malformed | Mark.unsupported;

const linkTypes = [...new Set(Object.values(FRAMES).map((f) => f.linkType))];

/** The row of some bytes with others around them. */
function decode(linkType: number, bytes: Uint8Array, wireLength: number, around: number): PacketTable {
  const buffer = new Uint8Array(bytes.length + 2 * ROOM).fill(around);
  buffer.set(bytes, ROOM);
  const table = new PacketTable(1);
  new Decoder({ linkType }).decode(buffer, ROOM, bytes.length, wireLength, 0, table);
  return table;
}

function expectSane(linkType: number, bytes: Uint8Array, extraWire: number): void {
  const table = decode(linkType, bytes, bytes.length + extraWire, 0x00);
  // What lies around a packet must not show in its row: nothing is read outside it.
  expect(rowOf(decode(linkType, bytes, bytes.length + extraWire, 0xff))).toEqual(rowOf(table));
  expect(table.length).toBe(1);
  expect(table.layer[0]).toBeLessThanOrEqual(Layer.transport);
  expect((table.marks[0] as number) & ~ALL_MARKS).toBe(0);
  expect(table.digestLength[0]).toBeLessThanOrEqual(Math.min(64, bytes.length));
  expect(table.sackCount[0]).toBeLessThanOrEqual(4);
}

describe('decode survives', () => {
  it('random bytes', () => {
    const property = fc.property(
      fc.constantFrom(...linkTypes),
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(2000),
      expectSane,
    );
    fc.assert(property, { numRuns: RUNS });
  });

  it('packets with some bytes changed and the end cut off', () => {
    const change = fc.record({ at: fc.nat(), value: fc.nat(255) });
    const property = fc.property(
      fc.constantFrom(...Object.values(FRAMES)),
      fc.array(change, { maxLength: 6 }),
      fc.nat(),
      fc.nat(100),
      (frame, changes, cutAt, extraWire) => {
        const bytes = frame.bytes.slice(
          0,
          frame.bytes.length - (cutAt % 8 === 0 ? cutAt % frame.bytes.length : 0),
        );
        for (const { at, value } of changes) if (bytes.length > 0) bytes[at % bytes.length] = value;
        expectSane(frame.linkType, bytes, extraWire);
      },
    );
    fc.assert(property, { numRuns: RUNS });
  });
});
