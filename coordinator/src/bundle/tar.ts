import { BothendsError } from '@bothends/proto';

/** Everything in a tar (POSIX.1-2017 pax, "ustar") is padded to blocks of this many bytes. */
export const BLOCK = 512;

/** Offsets and widths of the header fields that are used. */
const NAME = { at: 0, width: 100 };
const MODE = { at: 100, width: 8 };
const OWNER = { at: 108, width: 8 };
const GROUP = { at: 116, width: 8 };
const SIZE = { at: 124, width: 12 };
const MTIME = { at: 136, width: 12 };
const CHECKSUM = { at: 148, width: 8 };
const TYPE = 156;
const MAGIC = { at: 257, text: 'ustar\x0000' };

interface Field {
  readonly at: number;
  readonly width: number;
}

/** Two empty blocks end an archive. */
export const TAR_END: Uint8Array = new Uint8Array(2 * BLOCK);

/** One file of an archive: header, content, padding. `mtime` is in epoch seconds; `path` has at most 100 bytes. */
export function tarEntry(path: string, content: Uint8Array, mtime: number): Uint8Array {
  const entry = Buffer.alloc(BLOCK + padded(content.length));
  entry.set(tarHeader(path, content.length, mtime));
  entry.set(content, BLOCK);
  return entry;
}

function tarHeader(path: string, size: number, mtime: number): Buffer {
  if (Buffer.byteLength(path) > NAME.width) throw new RangeError(`too long a path for a tar: ${path}`);
  const header = Buffer.alloc(BLOCK);
  header.write(path, NAME.at);
  octal(header, MODE, 0o644);
  octal(header, OWNER, 0);
  octal(header, GROUP, 0);
  octal(header, SIZE, size);
  octal(header, MTIME, mtime);
  header.write('0', TYPE);
  header.write(MAGIC.text, MAGIC.at);
  header.write(`${checksum(header).toString(8).padStart(6, '0')}\0 `, CHECKSUM.at);
  return header;
}

/**
 * What a header says; null for the empty block at the end. Throws `data-loss` for one that is not, to the bit, as
 * `tarEntry` writes it: whatever was changed in a bundle is to be noticed.
 */
export function parseTarHeader(block: Buffer): { path: string; size: number } | null {
  if (block.every((byte) => byte === 0)) return null;
  const path = text(block, NAME);
  const size = Number.parseInt(text(block, SIZE), 8);
  const mtime = Number.parseInt(text(block, MTIME), 8);
  if (!(size >= 0) || !(mtime >= 0) || !tarHeader(path, size, mtime).equals(block)) {
    throw new BothendsError('data-loss', 'a tar header is damaged, or of another program');
  }
  return { path, size };
}

export function hasTarMagic(block: Buffer): boolean {
  return block.subarray(MAGIC.at, MAGIC.at + MAGIC.text.length).equals(Buffer.from(MAGIC.text));
}

/** Bytes that content takes with its padding. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}

function octal(entry: Buffer, { at, width }: Field, value: number): void {
  entry.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at);
}

function text(block: Buffer, { at, width }: Field): string {
  const field = block.subarray(at, at + width);
  const end = field.indexOf(0);
  return field.subarray(0, end < 0 ? width : end).toString();
}

/** Sum of the header's bytes, its own field taken as spaces. */
function checksum(header: Buffer): number {
  let sum = CHECKSUM.width * 0x20;
  for (let i = 0; i < BLOCK; i++) {
    if (i < CHECKSUM.at || i >= CHECKSUM.at + CHECKSUM.width) sum += header[i];
  }
  return sum;
}
