import { expect, it } from 'vitest';
import { BothendsError } from './error.js';
import { folderError } from './folder.js';

it.each([
  ['ENOSPC', 'resource-exhausted', /disk is full/],
  ['EACCES', 'permission-denied', /may not write/],
  ['EEXIST', 'invalid-argument', /not a folder/],
  ['EIO', 'failed-precondition', /i\/o error/],
])('says what to do about %s', (code, expected, message) => {
  const error = folderError('/var/lib/bothends', Object.assign(new Error('i/o error'), { code }));
  expect(error.code).toBe(expected);
  expect(error.message).toMatch(message);
  expect(error.message).toContain('/var/lib/bothends');
});

it('leaves an error that is told already as it is', () => {
  const error = new BothendsError('data-loss', 'told');
  expect(folderError('/x', error)).toBe(error);
});
