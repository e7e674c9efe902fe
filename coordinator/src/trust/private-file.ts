import { randomBytes } from 'node:crypto';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { folderError } from '@bothends/proto';

/**
 * Writes a file that only its owner reads; whoever looks finds the old content or the new, never a part.
 * @throws BothendsError what `folderError` makes of a folder that cannot be written
 */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  try {
    await write(path, content);
  } catch (error) {
    throw folderError(dirname(path), error);
  }
}

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
