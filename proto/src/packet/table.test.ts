import { expect, test } from 'vitest';
import { COLUMNS, tableBytes } from './columns.js';
import { PacketTable } from './table.js';

test('a table in shared memory has its columns side by side, and another table there sees its rows', () => {
  // An odd capacity: byte columns then end where no wider column may begin.
  const capacity = 5;
  const memory = new SharedArrayBuffer(tableBytes(capacity));
  const written = new PacketTable(capacity, memory);
  COLUMNS.forEach(({ name }, i) => {
    written[name].fill(i + 1);
  });
  const read = new PacketTable(capacity, memory);
  for (const [i, { name, stride }] of COLUMNS.entries()) {
    expect(read[name], name).toHaveLength(capacity * stride);
    expect(
      [...read[name]].every((value) => value === i + 1),
      name,
    ).toBe(true);
  }
});

test('too little memory is refused', () => {
  expect(() => new PacketTable(8, new SharedArrayBuffer(tableBytes(8) - 8))).toThrow(RangeError);
});
