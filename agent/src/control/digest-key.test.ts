import { publicKeyDer } from '@bothends/proto/evidence/keys';
import { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { expect, it } from 'vitest';
import { digestKeyOf, makeExchangeKey } from './digest-key.js';

const [client, server] = [makeExchangeKey(), makeExchangeKey()];

function arm(change: Partial<Arm>): Arm {
  return { ...Arm.decode(Buffer.alloc(0)), captureId: 'c-1', ...change };
}

it('is the same at both hosts, and another for each capture and each run of an agent', () => {
  const atClient = digestKeyOf(arm({ peerExchangeKey: publicKeyDer(server) }), client);
  expect(atClient).toHaveLength(16);
  expect(digestKeyOf(arm({ peerExchangeKey: publicKeyDer(client) }), server)).toEqual(atClient);
  const other = arm({ captureId: 'c-2', peerExchangeKey: publicKeyDer(server) });
  expect(digestKeyOf(other, client)).not.toEqual(atClient);
  expect(digestKeyOf(arm({ peerExchangeKey: publicKeyDer(server) }), makeExchangeKey())).not.toEqual(
    atClient,
  );
});

it('is what an older coordinator sends, and the published one where it sends none', () => {
  const digestKey = Buffer.alloc(16, 9);
  expect(digestKeyOf(arm({ digestKey }), client)).toEqual(digestKey);
  expect(digestKeyOf(arm({}), client)).toBeNull();
});

it('is not made from what is no key', () => {
  expect(() => digestKeyOf(arm({ peerExchangeKey: Buffer.from('no key') }), client)).toThrow(
    'is no X25519 key',
  );
});
