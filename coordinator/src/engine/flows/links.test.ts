import { expect, test } from 'vitest';
import { Link, Links } from './links.js';

test('each link of a flow has a word of its own, and none reaches into the next flow', () => {
  const links = new Links();
  links.ensure(1);
  const names = Object.values(Link);
  for (const link of names) links.set(0, link, link + 100);
  expect(names.map((link) => links.get(0, link))).toEqual(names.map((link) => link + 100));
  expect(new Set(names).size).toBe(names.length);
  expect(names.map((link) => links.get(1, link))).toEqual(names.map(() => -1));
});
