import type { KeyObject } from 'node:crypto';
import { keyFingerprint, parsePublicKey, publicKeyDer } from '@bothends/proto/evidence/keys';
import type { Signer } from './manifest.js';

/** The signer that has this key; `der` is of the public key. */
export function signerOf(name: string, der: Buffer): Signer {
  return { name, publicKey: der.toString('base64'), fingerprint: keyFingerprint(der) };
}

/** The key of a signer; a sentence where it is none, or its fingerprint is another key's. */
export function keyOf({ name, publicKey, fingerprint }: Signer): KeyObject | string {
  const key = parsePublicKey(Buffer.from(publicKey, 'base64'));
  if (!key) return `the key of ${name} is no Ed25519 public key`;
  const own = keyFingerprint(publicKeyDer(key));
  return own === fingerprint
    ? key
    : `the fingerprint stated for the key of ${name} is not its own, which is ${own}`;
}
