import type { Column } from '../packet/columns.js';
import type { PacketTable } from '../packet/table.js';
import { contextOf, type Grouping } from './flows.js';

/** What coding one batch works on: rows `from`..`from + count - 1` of a table. Rows are counted from 0 here. */
export interface Frame {
  readonly table: PacketTable;
  readonly from: number;
  readonly count: number;
  /** Gate bits of each row. */
  readonly gates: Uint16Array;
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
}

/** A frame with fresh scratch arrays. */
export function createFrame(
  table: PacketTable,
  from: number,
  gates: Uint16Array,
  grouping: Grouping,
  snaplen: number,
): Frame {
  const count = gates.length;
  const rows = () => new Int32Array(count);
  return {
    table,
    from,
    count,
    gates,
    context: contextOf(grouping),
    flow: grouping.flow,
    flowCount: grouping.flowCount,
    snaplen,
    reference: rows(),
    narrow: rows(),
    relative: new Int32Array(count + 1),
    residual: rows(),
  };
}

/**
 * A 32-bit column seen as signed words, so that one loop serves all columns (a loop over mixed array types
 * runs several times slower); null for a narrower column, whose values have to be copied.
 */
export function asWords(column: Column): Int32Array | null {
  if (column.BYTES_PER_ELEMENT !== 4) return null;
  return new Int32Array(column.buffer, column.byteOffset, column.length);
}
