import { expect, it } from 'vitest';
import { Holes } from './holes.js';

const SECOND = 1e9;

it('knows how long the bytes were missing, whatever the order in which they come', () => {
  const holes = new Holes();
  holes.skip(0, 100, 400, 1_000);
  expect(holes.fill(0, 200, 300, 5_000)).toBe(4_000);
  expect(holes.fill(0, 200, 300, 6_000)).toBeNull();
  expect(holes.fill(0, 300, 400, 7_000)).toBe(6_000);
  expect(holes.fill(0, 100, 200, 8_000)).toBe(7_000);
  expect(holes.fill(0, 100, 400, 9_000)).toBeNull();
});

it('keeps the sides apart', () => {
  const holes = new Holes();
  holes.skip(44, 0, 10, 0);
  expect(holes.fill(0, 0, 10, 1)).toBeNull();
  expect(holes.fill(44, 0, 10, 1)).toBe(1);
});

it('gives up holes that nobody fills, so that later ones have room', () => {
  const holes = new Holes();
  for (let i = 0; i < 100; i++) holes.skip(0, i * 10, i * 10 + 5, i);
  holes.skip(0, 5_000, 5_100, 10 * SECOND);
  expect(holes.fill(0, 5_000, 5_100, 11 * SECOND)).toBe(SECOND);
});
