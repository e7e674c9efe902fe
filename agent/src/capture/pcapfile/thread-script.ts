import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/**
 * Path of a thread's script: beside this file, where it is built or bundled with it; else that of the built package, for
 * tests run from the sources.
 */
export function threadScript(name: 'read-worker' | 'inflate-worker'): string {
  const beside = fileURLToPath(new URL(`./${name}.js`, import.meta.url));
  if (existsSync(beside)) return beside;
  return createRequire(import.meta.url).resolve(`@bothends/agent/capture/pcapfile/${name}`);
}
