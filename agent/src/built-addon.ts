import { createRequire } from 'node:module';
import { join } from 'node:path';

/**
 * The add-on NAME.node that `agent/native/build.mjs` built into the package, whatever this file was bundled into; null where it is
 * not built, or of another revision.
 */
export function builtAddon<T extends { readonly revision: number }>(
  name: string,
  revision: number,
): T | null {
  const require = createRequire(import.meta.url);
  try {
    const found = require(join(require.resolve('@bothends/agent/files'), `../native/${name}.node`)) as T;
    return found.revision === revision ? found : null;
  } catch {
    return null;
  }
}
