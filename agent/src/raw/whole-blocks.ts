import { readSync } from 'node:fs';

/** Read at once while walking the blocks of a file. */
const CHUNK_BYTES = 1024 * 1024;
/** Type and length of a block; the shortest block has its length behind that once more. */
const HEAD_BYTES = 8;
const SHORTEST_BLOCK = 12;

/**
 * Bytes of a pcapng file, little-endian, up to the end of its last whole block: a program that is killed may leave a part
 * of one behind.
 */
export function wholeBlocks(fd: number, size: number): number {
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let chunkAt = 0;
  let chunkEnd = 0;
  let at = 0;
  while (at + SHORTEST_BLOCK <= size) {
    if (at < chunkAt || at + HEAD_BYTES > chunkEnd) {
      chunkAt = at;
      chunkEnd = at + readSync(fd, chunk, 0, chunk.length, at);
      if (at + HEAD_BYTES > chunkEnd) break;
    }
    const length = chunk.readUInt32LE(at - chunkAt + 4);
    if (length < SHORTEST_BLOCK || at + length > size) break;
    at += length;
  }
  return at;
}
