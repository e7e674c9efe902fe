import { createHash, createPublicKey, type KeyObject } from 'node:crypto';

/** DER (SubjectPublicKeyInfo) of the public half of an Ed25519 key. */
export function publicKeyDer(key: KeyObject): Buffer {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return half.export({ type: 'spki', format: 'der' });
}

/** The Ed25519 public key in DER; null for anything else. */
export function parsePublicKey(der: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(der), type: 'spki', format: 'der' });
    return key.asymmetricKeyType === 'ed25519' ? key : null;
  } catch {
    return null;
  }
}

/** What people compare: `sha256:` and 64 hex digits over the key's DER. */
export function keyFingerprint(der: Uint8Array): string {
  return `sha256:${createHash('sha256').update(der).digest('hex')}`;
}
