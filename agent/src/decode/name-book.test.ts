import { expect, it } from 'vitest';
import { NameBook } from './name-book.js';

function take(...names: string[]): string[] {
  const book = new NameBook();
  for (const [i, name] of names.entries()) {
    const bytes = Buffer.from(name, 'latin1');
    book.note(bytes, bytes.length, i, i);
  }
  return book.take().map(({ text }) => text);
}

it('gives each name once, with the digest that stands for it', () => {
  const book = new NameBook();
  for (const digest of [1, 1, 2]) book.note(Buffer.from(`name-${digest}..`), 6, digest, digest + 10);
  expect(book.take()).toEqual([
    { digestHigh: 1, digestLow: 11, text: 'name-1' },
    { digestHigh: 2, digestLow: 12, text: 'name-2' },
  ]);
  expect(book.take()).toEqual([]);
});

it('writes what is not printable as DNS does, so that no name steers a terminal', () => {
  expect(take('\u001b[31mred', 'a b', 'back\\slash', '\u00e4')).toEqual([
    '\\027[31mred',
    'a\\032b',
    'back\\092slash',
    '\\228',
  ]);
});

it('takes no more than its limit, however many a flood brings, and a batch has room for what is taken at once', () => {
  const book = new NameBook();
  for (let i = 0; i < 20_000; i++) book.note(Buffer.from(`n${i}`), String(i).length + 1, i, i);
  let total = 0;
  for (let some = book.take(); some.length > 0; some = book.take()) {
    expect(some.length).toBeLessThanOrEqual(512);
    total += some.length;
  }
  expect(total).toBe(10_000);
});
