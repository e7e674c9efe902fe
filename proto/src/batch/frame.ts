import type { Column } from '../packet/columns.js';
import type { PacketTable } from '../packet/table.js';
import { contextOf, type Grouping } from './flows.js';
import { int32 } from './scratch.js';

/** What coding one batch works on: rows `from`..`from + count - 1` of a table. Rows are counted from 0 here. */
export interface Frame {
  readonly table: PacketTable;
  readonly from: number;
  readonly count: number;
  /** Gate bits of each row. */
  readonly gates: Uint16Array;
  /** Gate bits that every row has, as far as that is known. */
  readonly everyGate: number;
  /** 1 + the row whose values predict this row's; 0 for none. Always an earlier row. */
  readonly context: Int32Array;
  /** One-way flow of each row, numbered in order of appearance. */
  readonly flow: Int32Array;
  readonly flowCount: number;
  /** Largest captured length in the batch: what a longer packet was cut to. */
  readonly snaplen: number;
  /** Scratch, one element a row: what a column is coded relative to. */
  readonly reference: Int32Array;
  /** Scratch, one element a row: the values of an 8- or 16-bit column. */
  readonly narrow: Int32Array;
  /** Scratch, one element a row and one before: values relative to the reference; [0] is the fallback. */
  readonly relative: Int32Array;
  /** Scratch, one element a row: zigzag residuals. */
  readonly residual: Int32Array;
  /** Scratch, one element a row: rows with residuals other than 0. */
  readonly exceptions: Int32Array;
}

/** A frame on the scratch arrays; valid until the next is made. `everyGate` may leave bits out. */
export function createFrame(
  table: PacketTable,
  from: number,
  gates: Uint16Array,
  grouping: Grouping,
  snaplen: number,
  everyGate = 0,
): Frame {
  const count = gates.length;
  return {
    table,
    from,
    count,
    gates,
    everyGate,
    context: contextOf(grouping),
    flow: grouping.flow,
    flowCount: grouping.flowCount,
    snaplen,
    reference: reference.of(count),
    narrow: narrow.of(count),
    relative: relative.of(count + 1),
    residual: residual.of(count),
    exceptions: exceptions.of(count),
  };
}

/** Used again for each batch, see Scratch. */
const [reference, narrow, relative, residual, exceptions] = [int32(), int32(), int32(), int32(), int32()];

/**
 * A 32-bit column seen as signed words, so that one loop serves all columns (a loop over mixed array types
 * runs several times slower); null for a narrower column, whose values have to be copied.
 */
export function asWords(column: Column): Int32Array | null {
  if (column.BYTES_PER_ELEMENT !== 4) return null;
  return new Int32Array(column.buffer, column.byteOffset, column.length);
}
