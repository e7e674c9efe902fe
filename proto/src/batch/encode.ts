import { BothendsError } from '../errors/error.js';
import type { Column } from '../packet/columns.js';
import type { PacketTable } from '../packet/table.js';
import { codecOf, codingOf } from './codec.js';
import { type Grouping, groupRows } from './flows.js';
import { asWords, createFrame, type Frame } from './frame.js';
import { fillGates } from './gates.js';
import { writeGrouping } from './grouping.js';
import { type CodedColumn, PLAN_LENGTH, type Plan } from './plan.js';
import { Mode, writeResiduals, zigzag } from './residual.js';
import { writeTimes } from './time.js';
import { ByteWriter, MAX_VARINT32 } from './writer.js';

/** A batch rarely takes more: bulk TCP needs ten bytes a row, requests and short flows twice that. */
const BYTES_PER_ROW = 24;
const FIXED_BYTES = 512;

/**
 * Codes rows `from`..`to - 1` of a table. Layout, all integers LEB128 unless said otherwise: codec version (a
 * byte), row count, base time (8 bytes, little-endian), times, snaplen, flows, a bitmap of the columns
 * that are not wholly as predicted, then those columns in the order of the plan.
 *
 * Kept exactly: every value that means something in its row (see PacketTable). The rest decodes to the
 * column's default, so that a decoded table holds nothing of an earlier batch.
 * Throws `invalid-argument` when the range is not within the table.
 */
export function encodeColumns(table: PacketTable, from = 0, to: number = table.length): Uint8Array {
  if (!(from >= 0 && from <= to && to <= table.capacity)) {
    throw new BothendsError('invalid-argument', `no rows ${from}..${to} in a table of ${table.capacity}`);
  }
  const gates = new Uint16Array(to - from);
  const union = fillGates(table, from, gates);
  const grouping = groupRows(table, from, gates);
  const snaplen = largest(table.capturedLength, from, to);
  const frame = createFrame(table, from, gates, grouping, snaplen);
  const out = new ByteWriter(FIXED_BYTES + BYTES_PER_ROW * (to - from));
  const codec = codecOf(table);
  writeHead(out, codec, frame, grouping);
  writeColumns(out, codingOf(codec).plan, frame, union);
  return out.finish();
}

function writeHead(
  out: ByteWriter,
  codec: number,
  { table, from, count, snaplen }: Frame,
  grouping: Grouping,
): void {
  out.reserve(1 + MAX_VARINT32 + 8);
  out.byte(codec);
  out.varint(count);
  out.word(Number(BigInt.asUintN(32, table.baseNs)));
  out.word(Number(BigInt.asUintN(32, table.baseNs >> 32n)));
  writeTimes(out, table.time.subarray(from, from + count));
  out.reserve(MAX_VARINT32);
  out.varint(snaplen);
  writeGrouping(out, grouping);
}

function writeColumns(out: ByteWriter, plan: Plan, frame: Frame, union: number): void {
  const bitmapBytes = (PLAN_LENGTH + 7) >> 3;
  out.reserve(bitmapBytes);
  const bitmap = out.position;
  out.position += bitmapBytes;
  let index = 0;
  for (const columns of plan) {
    for (const column of columns) {
      if (column.gate & union && writeColumn(out, frame, column)) {
        out.bytes[bitmap + (index >> 3)] |= 1 << (index & 7);
      }
      index++;
    }
  }
}

/** Codes one column; returns false, having written nothing, when every value is as predicted. */
function writeColumn(out: ByteWriter, frame: Frame, column: CodedColumn): boolean {
  const { table, from, count, gates, context, relative, residual, reference } = frame;
  const { gate, stride, word } = column;
  const words = asWords(table[column.name]);
  const values = words ?? copyNarrow(table[column.name], frame);
  const offset = words ? from * stride + word : 0;
  if (column.reference) column.reference(frame);
  else {
    const only = onlyValue(values, offset, frame, column);
    if (only !== null) return writeConstant(out, only, column);
    reference.fill(0);
  }
  relative[0] = column.fallback;
  let any = 0;
  for (let i = 0; i < count; i++) {
    const predicted = relative[context[i]];
    const value = gates[i] & gate ? (values[offset + i * stride] - reference[i]) | 0 : predicted;
    relative[i + 1] = value;
    const coded = zigzag((value - predicted) | 0);
    residual[i] = coded;
    any |= coded;
  }
  // Most columns are wholly as predicted.
  return any !== 0 && writeResiduals(out, residual, gates, gate);
}

/** The one value of all rows that have the column, null when there are several. */
function onlyValue(
  values: Int32Array,
  offset: number,
  { gates, count }: Frame,
  { gate, stride, fallback }: CodedColumn,
): number | null {
  let i = 0;
  while (i < count && (gates[i] & gate) === 0) i++;
  if (i === count) return fallback | 0;
  const first = values[offset + i * stride];
  for (; i < count; i++) {
    if (gates[i] & gate && values[offset + i * stride] !== first) return null;
  }
  return first;
}

function writeConstant(out: ByteWriter, value: number, { fallback }: CodedColumn): boolean {
  if (value === (fallback | 0)) return false;
  out.reserve(1 + MAX_VARINT32);
  out.byte(Mode.constant);
  out.varint(zigzag((value - fallback) | 0));
  return true;
}

/** Narrow columns have one element a row. */
function copyNarrow(column: Column, { narrow, from, count }: Frame): Int32Array {
  narrow.set(column.subarray(from, from + count));
  return narrow;
}

function largest(column: Uint32Array, from: number, to: number): number {
  let max = 0;
  for (let i = from; i < to; i++) if (column[i] > max) max = column[i];
  return max;
}
