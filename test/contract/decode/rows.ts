import { Decoder } from '@bothends/agent/decode/decoder';
import { COLUMNS, PacketTable } from '@bothends/proto';
import type { Frame } from './frames.js';

/** Decodes one frame, of which `captured` bytes were kept, lying in `buffer` at `start`. */
export function decodeAt(
  frame: Frame,
  captured: number,
  buffer: Uint8Array,
  start: number,
  table = new PacketTable(1),
): PacketTable {
  table.length = 0;
  buffer.set(frame.bytes.subarray(0, captured), start);
  new Decoder({ linkType: frame.linkType }).decode(buffer, start, captured, frame.bytes.length, 0, table);
  return table;
}

/** Decodes one whole frame. */
export function decodeFrame(frame: Frame): PacketTable {
  return decodeAt(frame, frame.bytes.length, new Uint8Array(frame.bytes.length), 0);
}

/** All values of row 0. */
export function rowOf(table: PacketTable): Record<string, number[]> {
  return Object.fromEntries(
    COLUMNS.map(({ name, stride }) => [name, Array.from(table[name].subarray(0, stride))]),
  );
}
