import { expect, test } from 'vitest';
import { Archive } from './archive.js';

const CHUNK = 1 << 20;

/** Bytes that tell which piece they are of. */
const piece = (n: number, length: number) => new Uint8Array(length).fill(n);

/** Compares megabytes quickly. */
const isSame = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

test('what was put is found again, whatever came and went in between', () => {
  const archive = new Archive();
  const positions = new Map<number, number>();
  for (let n = 0; n < 200; n++) {
    positions.set(n, archive.put(piece(n, 1 + n * 100)));
    const gone = n - 3;
    if (n % 2 === 0 || !positions.has(gone)) continue;
    archive.drop(positions.get(gone) as number);
    positions.delete(gone);
  }
  for (const [n, position] of positions)
    expect(isSame(archive.get(position), piece(n, 1 + n * 100))).toBe(true);
});

test('a piece larger than a chunk has one of its own', () => {
  const archive = new Archive();
  const before = archive.put(piece(1, 10));
  const large = archive.put(piece(2, 3 * CHUNK));
  const after = archive.put(piece(3, 10));
  const all = [before, large, after].map((position) => archive.get(position));
  expect(all.map((bytes) => bytes.length)).toEqual([10, 3 * CHUNK, 10]);
  expect(all.every((bytes, i) => isSame(bytes, piece(i + 1, bytes.length)))).toBe(true);
});

test('memory is given back when nothing in it is needed, and waste is told', () => {
  const archive = new Archive();
  const positions = Array.from({ length: 100 }, (_, n) => archive.put(piece(n, CHUNK / 2 - 16)));
  const most = archive.taken;
  for (const [n, position] of positions.entries()) if (n % 2 === 0) archive.drop(position);
  // Every chunk still holds one piece.
  expect(archive.taken).toBe(most);
  expect(archive.isWasteful).toBe(false);
  for (const [n, position] of positions.entries()) if (n % 4 === 1) archive.drop(position);
  expect(archive.taken).toBeLessThan(most * 0.6);
});
