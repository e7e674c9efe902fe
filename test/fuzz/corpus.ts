import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEST_ROOT } from '../lab/paths.js';
import type { Input, Target } from './target.js';
import { TARGETS } from './targets/index.js';

/** Inputs that failed once. `npm test` feeds all of them again. */
export const CORPUS = join(TEST_ROOT, 'fuzz', 'corpus');

/** Keeps an input; returns its folder, `TARGET-NAME`. */
export function saveInput(target: Target, name: string, input: Input): string {
  const folder = join(CORPUS, `${target.name}-${name}`);
  mkdirSync(folder, { recursive: true });
  input.forEach((bytes, i) => {
    writeFileSync(join(folder, target.files[i] as string), bytes);
  });
  return folder;
}

/** The inputs that were kept, with their targets. Throws for a folder that belongs to none. */
export function savedInputs(): { name: string; target: Target; input: Input }[] {
  if (!existsSync(CORPUS)) return [];
  return readdirSync(CORPUS).map((name) => {
    const target = TARGETS.find((each) => name.startsWith(`${each.name}-`));
    if (target === undefined) throw new Error(`${join(CORPUS, name)} is of no target`);
    const read = (file: string) => new Uint8Array(readFileSync(join(CORPUS, name, file)));
    return { name, target, input: target.files.map(read) };
  });
}
