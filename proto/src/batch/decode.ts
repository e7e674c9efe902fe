import type { Column } from '../packet/columns.js';
import type { PacketTable } from '../packet/table.js';
import { codingOf } from './codec.js';
import { asWords, createFrame, type Frame } from './frame.js';
import { fillGates } from './gates.js';
import { readGrouping } from './grouping.js';
import { type CodedColumn, PLAN_LENGTH } from './plan.js';
import { ByteReader, corrupt } from './reader.js';
import { Mode, readResiduals, unzigzag } from './residual.js';
import { uint16 } from './scratch.js';
import { readTimes } from './time.js';

/**
 * Fills `table` (rows from 0, `length`, `baseNs`) with what encodeColumns coded. Whatever the bytes are, it
 * ends, and allocates no more than a batch of the table's capacity needs.
 * Throws `unsupported` for another codec version and `data-loss` for anything that no encoder writes;
 * the table is then empty.
 */
export function decodeColumns(bytes: Uint8Array, table: PacketTable): void {
  table.length = 0;
  const input = new ByteReader(bytes);
  const { plan, prefixDigests } = codingOf(input.byte());
  table.prefixDigests = prefixDigests;
  const frame = readHead(input, table);
  const present = input.take((PLAN_LENGTH + 7) >> 3);
  let index = 0;
  for (const columns of plan) {
    for (const column of columns) {
      const coded = (present[index >> 3] >> (index & 7)) & 1;
      if (coded) readColumn(input, frame, column);
      else predictColumn(frame, column);
      index++;
    }
    fillGates(table, 0, frame.gates);
  }
  if (input.position !== bytes.length) throw corrupt(`${bytes.length - input.position} bytes too many`);
  table.length = frame.count;
}

/** Used again for each batch, see Scratch. */
const gateScratch = uint16();

/** What stands behind the version. */
function readHead(input: ByteReader, table: PacketTable): Frame {
  const count = input.varint();
  if (count > table.capacity) throw corrupt(`${count} rows, and a table takes ${table.capacity}`);
  const low = BigInt(input.word());
  table.baseNs = BigInt.asIntN(64, (BigInt(input.word()) << 32n) | low);
  readTimes(input, table.time.subarray(0, count));
  const snaplen = input.varint();
  const grouping = readGrouping(input, count);
  // Selectors stand in every row; the other gates follow from them.
  return createFrame(table, 0, gateScratch.of(count).fill(1), grouping, snaplen);
}

/** A column of which every value is as predicted. */
function predictColumn(frame: Frame, column: CodedColumn): void {
  if (column.reference) {
    frame.residual.fill(0);
    restore(frame, column);
  } else {
    fill(frame, column, column.fallback);
  }
}

function readColumn(input: ByteReader, frame: Frame, column: CodedColumn): void {
  const mode = input.byte();
  if (mode === Mode.constant) {
    fill(frame, column, (column.fallback + unzigzag(input.varint())) | 0);
  } else {
    readResiduals(mode, input, frame.residual, frame.gates, column.gate);
    restore(frame, column);
  }
}

/** One value in every row that has the column. */
function fill(frame: Frame, column: CodedColumn, value: number): void {
  const { gates, count, table, narrow } = frame;
  const { gate, stride, word, fallback } = column;
  const words = asWords(table[column.name]);
  const values = words ?? narrow;
  for (let i = 0; i < count; i++) values[i * stride + word] = gates[i] & gate ? value : fallback;
  if (!words) storeNarrow(table[column.name], frame, column.name);
}

/** Turns residuals back into the column's values. */
function restore(frame: Frame, column: CodedColumn): void {
  const { table, count, gates, context, narrow, relative, residual, reference } = frame;
  const { gate, stride, word, fallback } = column;
  const words = asWords(table[column.name]);
  const values = words ?? narrow;
  if (column.reference) column.reference(frame);
  else reference.fill(0);
  relative[0] = fallback;
  for (let i = 0; i < count; i++) {
    const value = (relative[context[i]] + unzigzag(residual[i])) | 0;
    relative[i + 1] = value;
    values[i * stride + word] = gates[i] & gate ? value + reference[i] : fallback;
  }
  if (!words) storeNarrow(table[column.name], frame, column.name);
}

function storeNarrow(column: Column, { narrow, count }: Frame, name: string): void {
  const beyond = ~(2 ** (8 * column.BYTES_PER_ELEMENT) - 1);
  let bits = 0;
  for (let i = 0; i < count; i++) bits |= narrow[i];
  if (bits & beyond) throw corrupt(`a value of ${name} is too large`);
  column.set(narrow);
}
