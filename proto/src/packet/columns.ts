import { aligned } from './column-maker.js';
import { PacketTable } from './table.js';

/** A typed array that serves as a column. */
export type Column = Float64Array | Uint32Array | Int32Array | Uint16Array | Uint8Array;

/** Names of the columns of a packet table. */
export type ColumnName = {
  [K in keyof PacketTable]: PacketTable[K] extends Column ? K : never;
}[keyof PacketTable];

/** One column: its name and how many elements one row takes. */
export interface ColumnSpec {
  readonly name: ColumnName;
  readonly stride: number;
  /** Bytes of one element. */
  readonly elementBytes: number;
}

/** All columns in the order of their declaration, read off the class itself so that the list cannot drift. */
export const COLUMNS: readonly ColumnSpec[] = listColumns();

function listColumns(): ColumnSpec[] {
  const one = new PacketTable(1);
  const specs: ColumnSpec[] = [];
  for (const name of Object.keys(one) as (keyof PacketTable)[]) {
    const value = one[name];
    if (!ArrayBuffer.isView(value)) continue;
    specs.push({ name: name as ColumnName, stride: value.length, elementBytes: value.BYTES_PER_ELEMENT });
  }
  return specs;
}

/** Bytes of memory that a table of `capacity` rows takes when all of it lies in one block. */
export function tableBytes(capacity: number): number {
  return COLUMNS.reduce(
    (sum, { stride, elementBytes }) => sum + aligned(capacity * stride * elementBytes),
    0,
  );
}
