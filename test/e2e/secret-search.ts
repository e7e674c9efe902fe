import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A text as bytes that somebody may have kept it in: as it is, two bytes a letter, hexadecimal, base64. */
function formsOf(secret: string): Buffer[] {
  const plain = Buffer.from(secret);
  // In base64 a text looks different at each of three places; letters that neighbours share are cut off.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), plain])
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, -4),
  );
  const texts = [plain.toString('hex'), plain.toString('hex').toUpperCase(), ...base64];
  return [plain, Buffer.from(secret, 'utf16le'), ...texts.map((text) => Buffer.from(text))];
}

/** Which of the secrets are in these bytes, in whatever form. */
export function secretsIn(bytes: Buffer, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => formsOf(secret).some((form) => bytes.includes(form)));
}

/**
 * Every file below a folder with what it holds; sockets and the like have nothing to read. Agents and coordinators that
 * run meanwhile remove and rename some: what is gone by then is passed over.
 */
export function filesBelow(folder: string): { path: string; bytes: Buffer }[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesBelow(path);
    const bytes = entry.isFile() ? unlessGone(() => readFileSync(path)) : undefined;
    return bytes === undefined ? [] : [{ path, bytes }];
  });
}

function unlessGone<Found>(read: () => Found): Found | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
