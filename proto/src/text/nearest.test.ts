import { expect, test } from 'vitest';
import { nearestNames } from './nearest.js';

const hosts = ['web-1', 'web-2', 'db-1', 'mail'];

test('a typo finds the name that was meant, best first', () => {
  expect(nearestNames('wbe-1', hosts)[0]).toBe('web-1');
  expect(nearestNames('DB1', hosts)[0]).toBe('db-1');
});

test('part of a name finds all names that hold it', () => {
  expect(nearestNames('web', hosts)).toEqual(['web-1', 'web-2']);
});

test('another word altogether finds nothing', () => {
  expect(nearestNames('loadbalancer', hosts)).toEqual([]);
});
