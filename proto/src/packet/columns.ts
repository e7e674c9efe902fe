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
}

/** All columns in the order of their declaration, read off the class itself so that the list cannot drift. */
export const COLUMNS: readonly ColumnSpec[] = listColumns();

function listColumns(): ColumnSpec[] {
  const one = new PacketTable(1);
  const specs: ColumnSpec[] = [];
  for (const name of Object.keys(one) as (keyof PacketTable)[]) {
    const value = one[name];
    if (ArrayBuffer.isView(value)) specs.push({ name: name as ColumnName, stride: value.length });
  }
  return specs;
}
