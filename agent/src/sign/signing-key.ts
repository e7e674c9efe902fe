import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';

const FILE = 'signing.key';

/**
 * The Ed25519 key that this agent signs its batches with, made on the first start. It is not the key of the
 * certificate: that one may be renewed, and this one is what people compare years later.
 * Throws `failed-precondition` when the file is there but of no use.
 */
export function openSigningKey(dataDir: string): KeyObject {
  const path = join(dataDir, FILE);
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`it is a key of the kind ${key.asymmetricKeyType}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return makeKey(path);
    throw new BothendsError(
      'failed-precondition',
      `the signing key ${path} cannot be used (${(cause as Error).message}): restore the file, or remove it to ` +
        'sign with a new one from now on',
      { cause },
    );
  }
}

function makeKey(path: string): KeyObject {
  const { privateKey } = generateKeyPairSync('ed25519');
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  writeFileSync(`${path}.new`, pem, { mode: 0o600, flush: true });
  renameSync(`${path}.new`, path);
  return privateKey;
}
