import { expect, it } from 'vitest';
import { newestCommon } from './version.js';

/** A release that raised the protocol to 3 and still speaks 2. */
const own = { oldest: 2, newest: 3 };

it.each([
  ['the same release', { oldest: 2, newest: 3 }, 3],
  ['the release before', { oldest: 1, newest: 2 }, 2],
  ['the release after', { oldest: 3, newest: 4 }, 3],
  ['two releases before', { oldest: 1, newest: 1 }, null],
  ['two releases after', { oldest: 4, newest: 5 }, null],
])('%s', (_release, other, common) => {
  expect(newestCommon(other, own)).toBe(common);
});
