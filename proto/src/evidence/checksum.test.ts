import { expect, test } from 'vitest';
import { crc32 } from '../batch/crc32.js';
import { checksum } from './checksum.js';

test('is the CRC-32 of the batches, whoever works it out, in pieces too', () => {
  const bytes = Uint8Array.from({ length: 10_000 }, (_, i) => (i * 131) >> 3);
  // The check value of the polynomial.
  expect(checksum(Buffer.from('123456789'))).toBe(0xcbf43926);
  for (const length of [0, 1, 7, 8, 4_097, 10_000])
    expect(checksum(bytes.subarray(0, length))).toBe(crc32(bytes.subarray(0, length)));
  expect(checksum(bytes.subarray(11), checksum(bytes.subarray(0, 11)))).toBe(crc32(bytes));
});
