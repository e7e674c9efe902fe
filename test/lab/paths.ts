import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of package.json of `test`, whether this runs from source (vitest) or built. */
export const TEST_ROOT = packageRoot(dirname(fileURLToPath(import.meta.url)));

/** The repository's root. */
export const REPOSITORY_ROOT = dirname(TEST_ROOT);

/** A built script of this package, `lab/endpoint/main.js`, for processes that plain node runs. */
export function builtScript(path: string): string {
  return join(TEST_ROOT, 'dist', path);
}

function packageRoot(folder: string): string {
  return existsSync(join(folder, 'package.json')) ? folder : packageRoot(dirname(folder));
}
