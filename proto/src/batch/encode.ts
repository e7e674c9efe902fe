import { BothendsError } from '../errors/error.js';
import { type PacketTable, TABLE_CAPACITY } from '../packet/table.js';
import { codecOf, codingOf } from './codec.js';
import { writeColumn } from './encode-column.js';
import { type Grouping, groupRows } from './flows.js';
import { createFrame, type Frame } from './frame.js';
import { commonGates, fillGates } from './gates.js';
import { writeGrouping } from './grouping.js';
import { PLAN_LENGTH, type Plan } from './plan.js';
import { uint16 } from './scratch.js';
import { writeTimes } from './time.js';
import { ByteWriter, MAX_VARINT32 } from './writer.js';

/** A batch rarely takes more: bulk TCP needs ten bytes a row, requests and short flows twice that. */
const BYTES_PER_ROW = 24;
const FIXED_BYTES = 512;

/** Used again for each batch, see Scratch. */
const gateScratch = uint16();
const out = new ByteWriter(FIXED_BYTES + BYTES_PER_ROW * TABLE_CAPACITY);

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
  const gates = gateScratch.of(to - from);
  const union = fillGates(table, from, gates);
  const grouping = groupRows(table, from, gates);
  const snaplen = largest(table.capturedLength, from, to);
  const frame = createFrame(table, from, gates, grouping, snaplen, commonGates(gates));
  out.position = 0;
  const codec = codecOf(table);
  writeHead(codec, frame, grouping);
  writeColumns(codingOf(codec).plan, frame, union);
  return out.finish();
}

function writeHead(codec: number, { table, from, count, snaplen }: Frame, grouping: Grouping): void {
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

function writeColumns(plan: Plan, frame: Frame, union: number): void {
  const bitmapBytes = (PLAN_LENGTH + 7) >> 3;
  const bitmap = out.position;
  out.zeros(bitmapBytes);
  let index = 0;
  for (const columns of plan) {
    for (const column of columns) {
      if (frame.count > 0 && column.gate & union && writeColumn(out, frame, column)) {
        out.bytes[bitmap + (index >> 3)] |= 1 << (index & 7);
      }
      index++;
    }
  }
}

function largest(column: Uint32Array, from: number, to: number): number {
  let max = 0;
  for (let i = from; i < to; i++) if (column[i] > max) max = column[i];
  return max;
}
