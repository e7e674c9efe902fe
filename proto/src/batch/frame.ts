import type { Column } from '../packet/columns.js';
import { type PacketTable, TABLE_CAPACITY } from '../packet/table.js';
import { contextOf, type Grouping } from './flows.js';

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
    ...scratchFor(count),
  };
}

type Scratch = Pick<Frame, 'reference' | 'narrow' | 'relative' | 'residual' | 'exceptions'>;

/**
 * One set serves all frames, because coding a batch is never interrupted. New arrays for each batch kept the garbage
 * collector busy: they are large, and live outside of its heap.
 */
let scratch = makeScratch(TABLE_CAPACITY);

function makeScratch(rows: number): Scratch {
  const array = () => new Int32Array(rows);
  const relative = new Int32Array(rows + 1);
  return { reference: array(), narrow: array(), relative, residual: array(), exceptions: array() };
}

/** Scratch of `count` rows, with whatever the last batch left in it. */
function scratchFor(count: number): Scratch {
  if (scratch.reference.length < count) scratch = makeScratch(count);
  return {
    reference: scratch.reference.subarray(0, count),
    narrow: scratch.narrow.subarray(0, count),
    relative: scratch.relative.subarray(0, count + 1),
    residual: scratch.residual.subarray(0, count),
    exceptions: scratch.exceptions.subarray(0, count),
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
