import { createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, type KeyObject } from 'node:crypto';
import { BothendsError } from '@bothends/proto';
import type { Arm } from '@bothends/proto/gen/bothends/v1/agent';
import { DIGEST_KEY_BYTES } from '../decode/digest.js';

/** Says what the derived key is for, so that the same secret gives another key for another purpose. */
const PURPOSE = 'bothends digest key 1';

/** An X25519 key for one run of the agent. It is kept in memory only, and forgotten with the process. */
export function makeExchangeKey(): KeyObject {
  return generateKeyPairSync('x25519').privateKey;
}

/**
 * The key of a capture's digests, 16 bytes: agreed between the two agents, so that the coordinator, which carries only
 * public keys, cannot compute it. Where the coordinator or the other agent is too old for that, the one that it sent.
 * Null for the published key of files.
 * @throws BothendsError `invalid-argument` when the other host's key is none
 */
export function digestKeyOf(arm: Arm, exchangeKey: KeyObject): Uint8Array | null {
  const { peerExchangeKey, digestKey, captureId } = arm;
  if (peerExchangeKey === undefined) return digestKey.length > 0 ? digestKey : null;
  const secret = agree(exchangeKey, peerExchangeKey);
  return new Uint8Array(hkdfSync('sha256', secret, captureId, PURPOSE, DIGEST_KEY_BYTES));
}

function agree(privateKey: KeyObject, peer: Buffer): Buffer {
  try {
    const publicKey = createPublicKey({ key: peer, format: 'der', type: 'spki' });
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw new BothendsError(
      'invalid-argument',
      "the other host's exchange key is no X25519 key: upgrade its agent and the coordinator",
      { cause },
    );
  }
}
