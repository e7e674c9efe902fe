import { generateKeyPairSync } from 'node:crypto';
import { isSignedBy } from '@bothends/proto/evidence/chain';
import { Batch } from '@bothends/proto/gen/bothends/v1/packet';
import { expect, test, vi } from 'vitest';
import type { Shipment } from '../uplink/shipper.js';
import { signedShipments } from './signed-shipment.js';

const batch = { ...Batch.decode(new Uint8Array(0)), tapId: 't', sequence: 1n };

test('every batch is signed as it leaves; everything else passes through', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const [commit, refuse] = [vi.fn(), vi.fn()];
  const next = (sequence: number) => (sequence === 0 ? batch : null);
  const shipment: Shipment = { tapId: 't', committed: 0, next, commit, refuse };
  const [signed] = [...signedShipments([shipment], privateKey)];
  const sent = signed?.next(0);
  expect(sent && isSignedBy(Batch.encode(sent).finish(), publicKey)).toBe(true);
  expect(signed?.next(1)).toBeNull();
  signed?.commit(1);
  signed?.refuse('deleted');
  expect([commit.mock.calls, refuse.mock.calls]).toEqual([[[1]], [['deleted']]]);
  expect([signed?.tapId, signed?.committed]).toEqual(['t', 0]);
});
