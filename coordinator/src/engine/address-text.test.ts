import { formatAddress, parseAddress } from '@bothends/proto';
import { expect, test } from 'vitest';
import { AddressTexts } from './address-text.js';

test('an address has its own text, whoever was asked about before', () => {
  const texts = new AddressTexts();
  const addresses = [
    ...Array.from({ length: 2000 }, (_, i) => `10.1.${i >> 8}.${i & 255}`),
    '::',
    'fd00::1',
    'fd00::1:0:0:1',
  ].map((text) => parseAddress(text) as Uint32Array);
  for (let round = 0; round < 2; round++)
    for (const address of addresses) expect(texts.of(address)).toBe(formatAddress(address, 0));
});
