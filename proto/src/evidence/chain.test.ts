import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { Batch } from '../gen/bothends/v1/packet.js';
import { isSignedBy, linkOf, signBatch } from './chain.js';
import { keyFingerprint, parsePublicKey, publicKeyDer } from './keys.js';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');

const batch: Batch = {
  tapId: 'c-1-client',
  sequence: 2n,
  count: 1,
  firstNs: 5n,
  lastNs: 5n,
  codec: 1,
  columns: Buffer.from('columns'),
  crc32: 7,
  coverage: undefined,
  previous: Buffer.alloc(32, 1),
};

test('a signature covers every byte of a batch', () => {
  const bytes = Batch.encode(signBatch(batch, privateKey)).finish();
  expect(isSignedBy(bytes, publicKey)).toBe(true);
  for (let at = 0; at < bytes.length; at++) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] as number) ^ 1;
    expect(isSignedBy(damaged, publicKey), `byte ${at}`).toBe(false);
  }
});

test('it holds for its own key only, and an unsigned batch has none', () => {
  const bytes = Batch.encode(signBatch(batch, privateKey)).finish();
  expect(isSignedBy(bytes, generateKeyPairSync('ed25519').publicKey)).toBe(false);
  expect(isSignedBy(Batch.encode(batch).finish(), publicKey)).toBe(false);
});

test('a link changes with packets and place, and not with coverage or signature', () => {
  const link = linkOf(batch).toString('hex');
  expect(linkOf(signBatch(batch, privateKey)).toString('hex')).toBe(link);
  expect(linkOf({ ...batch, columns: Buffer.from('columnz') }).toString('hex')).not.toBe(link);
  expect(linkOf({ ...batch, sequence: 3n }).toString('hex')).not.toBe(link);
  expect(linkOf({ ...batch, previous: Buffer.alloc(32, 2) }).toString('hex')).not.toBe(link);
});

test('public keys survive as DER; other keys are refused', () => {
  const der = publicKeyDer(privateKey);
  expect(parsePublicKey(der)?.equals(publicKey)).toBe(true);
  expect(keyFingerprint(der)).toMatch(/^sha256:[0-9a-f]{64}$/);
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
  expect(parsePublicKey(other.export({ type: 'spki', format: 'der' }))).toBeNull();
  expect(parsePublicKey(Buffer.from('no key'))).toBeNull();
});
