import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
import { writePrivateFile } from './private-file.js';

/**
 * The Ed25519 key that this coordinator signs evidence bundles with, made on the first start. It is not the key of
 * the CA, which signs certificates and nothing else.
 * @throws BothendsError `failed-precondition` when the file is there but of no use
 */
export async function openSigningKey(dataDir: string): Promise<KeyObject> {
  const path = join(dataDir, 'signing.key');
  try {
    const key = createPrivateKey(await readFile(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`it is a key of the kind ${key.asymmetricKeyType}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return await makeKey(path);
    throw new BothendsError(
      'failed-precondition',
      `the signing key ${path} cannot be used (${(cause as Error).message}): restore the file, or remove it to ` +
        'sign with a new one from now on',
      { cause },
    );
  }
}

async function makeKey(path: string): Promise<KeyObject> {
  const { privateKey } = generateKeyPairSync('ed25519');
  await writePrivateFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return privateKey;
}
