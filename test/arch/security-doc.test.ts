import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../lab/paths.js';

it('every promise in docs/security.md names a test that is there', () => {
  const text = readFileSync(join(REPOSITORY_ROOT, 'docs/security.md'), 'utf8');
  // Rows of two columns whose first is a sentence: the tables of promises have an upper-case letter or backtick there.
  const promises = text
    .split('\n')
    .map((line) => /^\| (?<promise>[^|]{25,}) \| (?<held>[^|]+) \|$/.exec(line)?.groups)
    .filter((row) => row !== undefined)
    .filter(({ held = '' }) => held.includes('test'));
  expect(promises.length).toBeGreaterThan(25);
  for (const { promise = '', held = '' } of promises) {
    const paths = [...held.matchAll(/`([\w./-]+\/[\w./-]+)`/g)].map(([, path = '']) => path);
    expect(paths, promise).not.toEqual([]);
    for (const path of paths) expect(existsSync(join(REPOSITORY_ROOT, path)), path).toBe(true);
  }
});
