import { Layer } from '@bothends/proto';
import { expect, test } from 'vitest';
import { TwoEnds } from '../testing/two-ends.js';

test('packets of protocols that are not read are named and counted', () => {
  const strange = (at: number, protocol: number, ipVersion: number) => ({
    at,
    from: 'client' as const,
    seenBy: 'client' as const,
    columns: { protocol, ipVersion, layer: ipVersion === 0 ? Layer.link : Layer.network },
  });
  const { taps } = new TwoEnds()
    .say(strange(1, 132, 4), strange(2, 132, 6), strange(3, 50, 4), strange(4, 0, 0), strange(5, 6, 4))
    .report();
  expect(taps.map(({ notRead }) => notRead)).toEqual([
    [
      { what: 'SCTP', packets: 2 },
      { what: 'not IP', packets: 1 },
      { what: 'TCP with a damaged header', packets: 1 },
      { what: 'ESP (IPsec)', packets: 1 },
    ],
    undefined,
  ]);
});
