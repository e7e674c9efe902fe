import { type ByteReader, corrupt } from './reader.js';
import { type ByteWriter, MAX_VARINT32 } from './writer.js';

/**
 * How one column is written: as residuals, which are zigzag differences from the prediction,
 * - sparse: only those that are not 0, each with its distance from the last one;
 * - dense: a varint for every row that has the column;
 * - raw: four bytes for every row that has the column, for what no prediction helps (digests);
 * or, for the many columns that hold one value throughout, as `constant`: that value.
 */
export const Mode = { sparse: 0, dense: 1, raw: 2, constant: 3 } as const;

/** Small differences of either sign as small unsigned numbers. */
export const zigzag = (difference: number): number => (difference << 1) ^ (difference >> 31);

/** The inverse of `zigzag`. */
export const unzigzag = (coded: number): number => (coded >>> 1) ^ -(coded & 1);

/** Bytes of a varint. */
const varintLength = (value: number): number => ((38 - Math.clz32(value | 1)) * 37) >> 8;

/** Writes residuals in the shortest mode; returns false, having written nothing, when all are 0. */
export function writeResiduals(
  out: ByteWriter,
  residual: Int32Array,
  gates: Uint16Array,
  gate: number,
): boolean {
  let present = 0;
  let exceptions = 0;
  let dense = 0;
  let sparse = MAX_VARINT32;
  let last = 0;
  for (let i = 0; i < residual.length; i++) {
    if ((gates[i] & gate) === 0) continue;
    present++;
    const length = varintLength(residual[i]);
    dense += length;
    if (residual[i] === 0) continue;
    exceptions++;
    sparse += length + varintLength(i - last);
    last = i;
  }
  if (exceptions === 0) return false;
  out.reserve(1 + Math.max(sparse, dense, present * 4));
  if (sparse < dense && sparse < present * 4) writeSparse(out, residual, exceptions);
  else if (dense <= present * 4) writeDense(out, residual, gates, gate);
  else writeRaw(out, residual, gates, gate);
  return true;
}

/**
 * Writes residuals when few of them are not 0: `count` in `rows` rows, whose places are in `exceptions`. False,
 * having written nothing, when it is not certain that sparse is shortest; then `writeResiduals` has to look.
 */
export function writeFewResiduals(
  out: ByteWriter,
  residual: Int32Array,
  exceptions: Int32Array,
  count: number,
  rows: number,
): boolean {
  // Each costs its own varint and two bytes of distance; dense, every other row costs a byte.
  if (MAX_VARINT32 + 2 * count >= rows - count) return false;
  out.reserve(1 + MAX_VARINT32 + 2 * MAX_VARINT32 * count);
  out.byte(Mode.sparse);
  out.varint(count);
  let last = 0;
  for (let i = 0; i < count; i++) {
    const row = exceptions[i];
    out.varint(row - last);
    out.varint(residual[row]);
    last = row;
  }
  return true;
}

function writeSparse(out: ByteWriter, residual: Int32Array, exceptions: number): void {
  out.byte(Mode.sparse);
  out.varint(exceptions);
  let last = 0;
  for (let i = 0; i < residual.length; i++) {
    if (residual[i] === 0) continue;
    out.varint(i - last);
    out.varint(residual[i]);
    last = i;
  }
}

function writeDense(out: ByteWriter, residual: Int32Array, gates: Uint16Array, gate: number): void {
  out.byte(Mode.dense);
  for (let i = 0; i < residual.length; i++) {
    if (gates[i] & gate) out.varint(residual[i]);
  }
}

function writeRaw(out: ByteWriter, residual: Int32Array, gates: Uint16Array, gate: number): void {
  out.byte(Mode.raw);
  for (let i = 0; i < residual.length; i++) {
    if (gates[i] & gate) out.word(residual[i]);
  }
}

/** Fills `residual` (0 in rows without the gate) with what follows a mode byte. Throws `data-loss`. */
export function readResiduals(
  mode: number,
  input: ByteReader,
  residual: Int32Array,
  gates: Uint16Array,
  gate: number,
): void {
  residual.fill(0);
  if (mode === Mode.sparse) readSparse(input, residual, gates, gate);
  else if (mode === Mode.dense) {
    for (let i = 0; i < residual.length; i++) {
      if (gates[i] & gate) residual[i] = input.varint();
    }
  } else if (mode === Mode.raw) {
    for (let i = 0; i < residual.length; i++) {
      if (gates[i] & gate) residual[i] = input.word();
    }
  } else throw corrupt(`a column has the unknown mode ${mode}`);
}

function readSparse(input: ByteReader, residual: Int32Array, gates: Uint16Array, gate: number): void {
  const exceptions = input.varint();
  if (exceptions > residual.length) throw corrupt('a column has more exceptions than rows');
  let row = 0;
  for (let i = 0; i < exceptions; i++) {
    row += input.varint();
    if (row >= residual.length) throw corrupt('a column goes on past the last row');
    if ((gates[row] & gate) === 0) throw corrupt('a value stands in a row without its column');
    residual[row] = input.varint();
  }
}
