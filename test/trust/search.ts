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

/** Every file below a folder with what it holds; sockets and the like have nothing to read. */
export function filesBelow(folder: string): { path: string; bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, bytes: readFileSync(path) }));
}
