import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/** Written in parts, so that this file does not find itself. */
const MACHINE_PATHS = [
  ['..', 'shared'].join('/'),
  ['', 'work', ''].join('/'),
  ['', 'home', '[a-z]'].join('/'),
  ['', 'Users', '[A-Za-z]'].join('/'),
];

it('no committed file names a path of the machine that it was written on', async ({ skip }) => {
  const listing = await checkCommand(['git', 'ls-files', '-z'], { cwd: REPOSITORY_ROOT }).catch(() => null);
  if (listing === null) return skip('not a git checkout, so there is no list of committed files');
  const pattern = new RegExp(MACHINE_PATHS.map((text) => text.replaceAll('.', '\\.')).join('|'));
  const files = listing.split('\0').filter((path) => path && !/\.(?:pcap|pcapng|gz|bin)$/.test(path));
  expect(files.length).toBeGreaterThan(0);
  const naming = files.filter((path) => pattern.test(textOf(path)));
  expect(naming).toEqual([]);
});

it('the lock file names no registry, and packages of every platform', () => {
  const lock = JSON.parse(textOf('package-lock.json')) as Lock;
  const entries = Object.entries(lock.packages);
  expect(entries.length).toBeGreaterThan(0);
  expect(entries.filter(([, { resolved }]) => resolved?.includes('://')).map(([path]) => path)).toEqual([]);
  // Without its entry `npm ci` refuses the lock file, though the package is for another platform.
  const optional = entries.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}));
  expect(optional.filter((name) => !entries.some(([path]) => path.endsWith(`node_modules/${name}`)))).toEqual(
    [],
  );
});

interface Lock {
  packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>;
}

/** Empty for a file that is being removed. */
function textOf(path: string): string {
  try {
    return readFileSync(join(REPOSITORY_ROOT, path), 'utf8');
  } catch {
    return '';
  }
}
