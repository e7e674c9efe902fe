import { readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readFailure, writeFailure } from './file.js';

function thrownBy(action: () => unknown): unknown {
  try {
    return action();
  } catch (thrown) {
    return thrown;
  }
}

it.each([
  ['/nowhere/at/all', 'not-found', 'there is no such file'],
  ['/', 'invalid-argument', 'it is a directory'],
])('says in words why %s cannot be read', (path, code, why) => {
  expect(readFailure(thrownBy(() => readFileSync(path)))).toEqual({ code, why });
});

it.each([
  ['/nowhere/at/all', 'failed-precondition', 'there is no such folder'],
  ['/', 'failed-precondition', 'it is a directory'],
])('says in words why %s cannot be written', (path, code, why) => {
  expect(writeFailure(thrownBy(() => writeFileSync(path, '')))).toEqual({ code, why });
});

it('passes on what the system said where that is all there is to say', () => {
  const error = Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
  expect(readFailure(error)).toEqual({ code: 'unavailable', why: 'EIO: i/o error, read' });
});
