import { expect, test } from 'vitest';
import { ShipRequest } from '../gen/bothends/v1/agent.js';
import { Batch, Coverage } from '../gen/bothends/v1/packet.js';
import { batchPieces, shipRequestBytes } from './batch-bytes.js';

const whole: Batch = {
  tapId: 'c-1-client',
  sequence: 300n,
  count: 4_096,
  firstNs: 5n,
  lastNs: 6n,
  codec: 3,
  columns: Buffer.from('columns'),
  crc32: 7,
  coverage: { ...Coverage.decode(new Uint8Array(0)), packets: 12n, filter: 'port 443' },
  previous: Buffer.alloc(32, 1),
  signature: Buffer.alloc(64, 2),
};
const { signature, previous, ...first } = whole;

test.each<[string, Batch]>([
  ['a batch with everything', whole],
  ['one that is not signed, and the first', first],
  ['one without packets', { ...whole, count: 0, columns: Buffer.alloc(0), crc32: 0 }],
  ['one of nothing but columns', { ...Batch.decode(new Uint8Array(0)), columns: Buffer.alloc(3, 1) }],
  ['one as long as they get', { ...whole, columns: Buffer.alloc(200_000, 9) }],
])('%s has the bytes that protobuf gives it', (_, batch) => {
  expect(Buffer.concat(batchPieces(batch)).equals(Batch.encode(batch).finish())).toBe(true);
  expect(shipRequestBytes({ batch }).equals(ShipRequest.encode({ batch }).finish())).toBe(true);
});

test('a request without a batch is one, too', () => {
  expect(shipRequestBytes({ batch: undefined })).toEqual(
    Buffer.from(ShipRequest.encode({ batch: undefined }).finish()),
  );
});
