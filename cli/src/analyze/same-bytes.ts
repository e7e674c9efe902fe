import { closeSync, openSync, readSync } from 'node:fs';

/** Compared at once; different captures differ in the first of them. */
const BLOCK_BYTES = 64 * 1024;

/** Whether two files of one size hold the same. Throws what the file system throws. */
export function sameBytes(first: string, second: string): boolean {
  const files: number[] = [];
  try {
    for (const path of [first, second]) files.push(openSync(path, 'r'));
    const [a, b] = files as [number, number];
    const [left, right] = [Buffer.alloc(BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)];
    for (;;) {
      const read = readSync(a, left);
      if (readSync(b, right) !== read || !left.subarray(0, read).equals(right.subarray(0, read)))
        return false;
      if (read === 0) return true;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
