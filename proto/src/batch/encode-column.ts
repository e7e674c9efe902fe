import type { Column } from '../packet/columns.js';
import { asWords, type Frame } from './frame.js';
import type { CodedColumn } from './plan.js';
import { Mode, writeFewResiduals, writeResiduals, zigzag } from './residual.js';
import { type ByteWriter, MAX_VARINT32 } from './writer.js';

/** Values of a column as signed words: row `i` of the batch has its at `offset + i * stride`. */
interface Values {
  readonly words: Int32Array;
  readonly offset: number;
}

/** Codes one column, which some row has; returns false, having written nothing, when every value is as predicted. */
export function writeColumn(out: ByteWriter, frame: Frame, column: CodedColumn): boolean {
  const { table, from, count, gates, residual, exceptions } = frame;
  const { gate, reference } = column;
  if (!reference) {
    const only = uniformValue(table[column.name], from, count);
    if (only !== null) return writeConstant(out, only, column);
  }
  const values = valuesOf(frame, column);
  if (!reference) {
    const only = onlyValue(values, frame, column);
    if (only !== null) return writeConstant(out, only, column);
  }
  const found = predict(values, frame, column);
  // Most columns are exactly as predicted, and most of the others nearly.
  if (found === 0) return false;
  if (!writeFewResiduals(out, residual, exceptions, found, rowsWith(frame, gate)))
    writeResiduals(out, residual, gates, gate);
  return true;
}

function valuesOf(frame: Frame, { name, stride, word }: CodedColumn): Values {
  const { table, from, count, narrow } = frame;
  const words = asWords(table[name]);
  if (words) return { words, offset: from * stride + word };
  // Narrow columns have one element a row.
  narrow.set(table[name].subarray(from, from + count));
  return { words: narrow, offset: 0 };
}

/** The one value of all rows that have the column, null when there are several. */
function onlyValue(
  { words, offset }: Values,
  { gates, count }: Frame,
  { gate, stride }: CodedColumn,
): number | null {
  let i = 0;
  while (i < count && (gates[i] & gate) === 0) i++;
  const first = words[offset + i * stride];
  for (; i < count; i++) {
    if (gates[i] & gate && words[offset + i * stride] !== first) return null;
  }
  return first;
}

/** The value of all rows, of an 8- or 16-bit column, whether they have it or not; looked for four bytes at a time. */
function uniformValue(column: Column, from: number, count: number): number | null {
  const bytes = column.BYTES_PER_ELEMENT;
  const start = column.byteOffset + from * bytes;
  if (bytes >= 4 || start % 4 !== 0) return null;
  const first = column[from];
  const repeated = bytes === 1 ? Math.imul(first, 0x01010101) : Math.imul(first, 0x00010001);
  const words = new Int32Array(column.buffer, start, (count * bytes) >> 2);
  for (let i = 0; i < words.length; i++) if (words[i] !== repeated) return null;
  for (let i = (words.length * 4) / bytes; i < count; i++) if (column[from + i] !== first) return null;
  return first;
}

function writeConstant(out: ByteWriter, value: number, { fallback }: CodedColumn): boolean {
  if (value === (fallback | 0)) return false;
  out.reserve(1 + MAX_VARINT32);
  out.byte(Mode.constant);
  out.varint(zigzag((value - fallback) | 0));
  return true;
}

/** Fills `residual` for every row, and `exceptions` with the rows in which it is not 0. Returns their number. */
function predict(values: Values, frame: Frame, column: CodedColumn): number {
  const isInEveryRow = (column.gate & frame.everyGate) !== 0;
  return isInEveryRow && !column.reference
    ? predictPlain(values, frame, column)
    : predictRelative(values, frame, column);
}

/**
 * For a column that every row has and that is relative to nothing, as most are. It only reads, so no row waits
 * for another.
 */
function predictPlain({ words, offset }: Values, frame: Frame, { stride, fallback }: CodedColumn): number {
  const { count, context, residual, exceptions } = frame;
  let found = 0;
  for (let i = 0, at = offset; i < count; i++, at += stride) {
    const before = context[i];
    const difference = (words[at] - (before === 0 ? fallback : words[offset + (before - 1) * stride])) | 0;
    residual[i] = zigzag(difference);
    if (difference !== 0) exceptions[found++] = i;
  }
  return found;
}

function predictRelative({ words, offset }: Values, frame: Frame, column: CodedColumn): number {
  const { count, gates, everyGate, context, relative, residual, reference, exceptions } = frame;
  const { gate, stride } = column;
  const always = (gate & everyGate) !== 0;
  if (column.reference) column.reference(frame);
  else reference.fill(0);
  relative[0] = column.fallback;
  let at = offset;
  let found = 0;
  for (let i = 0; i < count; i++, at += stride) {
    const predicted = relative[context[i]];
    const value = always || gates[i] & gate ? (words[at] - reference[i]) | 0 : predicted;
    relative[i + 1] = value;
    const difference = (value - predicted) | 0;
    residual[i] = zigzag(difference);
    if (difference !== 0) exceptions[found++] = i;
  }
  return found;
}

/** Number of rows that have a column of this gate. */
function rowsWith({ gates, everyGate, count }: Frame, gate: number): number {
  if (gate & everyGate) return count;
  let rows = 0;
  for (let i = 0; i < count; i++) if (gates[i] & gate) rows++;
  return rows;
}
