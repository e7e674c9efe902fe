import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

interface Locked {
  version: string;
  integrity?: string;
  link?: boolean;
  optional?: boolean;
  hasInstallScript?: boolean;
}

const read = (file: string) => JSON.parse(readFileSync(join(REPOSITORY_ROOT, file), 'utf8'));
const locked = Object.entries(read('package-lock.json').packages as Record<string, Locked>);
const ours = ['.', 'proto', 'agent', 'coordinator', 'cli', 'test'].map((folder) =>
  read(join(folder, 'package.json')),
);
const nameOf = (folder: string) => folder.split('node_modules/').pop() ?? '';

it('says of every dependency which version, and no range', () => {
  for (const { name, dependencies, devDependencies, optionalDependencies } of ours) {
    const all = { ...dependencies, ...devDependencies, ...optionalDependencies };
    for (const [package_, version] of Object.entries(all))
      expect(version, `${package_} of ${name}`).toMatch(/^\d+\.\d+\.\d+(?:-[\w.]+)?$/);
  }
});

it('knows every package by its SHA-512, but builds of tools for other platforms', () => {
  const unknown = locked.filter(
    ([folder, { integrity, link }]) =>
      folder.includes('node_modules/') && !link && !integrity?.startsWith('sha512-'),
  );
  for (const [folder, { optional }] of unknown) expect(optional, folder).toBe(true);
});

it('lets the packages run install scripts that it names, and those are all that have any', () => {
  const { allowScripts } = read('package.json') as { allowScripts: Record<string, boolean> };
  const have = locked
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([folder]) => nameOf(folder));
  expect(Object.keys(allowScripts).sort()).toEqual([...new Set(have)].sort());
  expect(new Set(Object.values(allowScripts))).toEqual(new Set([true]));
});

it('lists what the program needs, and nothing that only development does', async () => {
  const listed = (part: string) =>
    checkCommand([process.execPath, join(REPOSITORY_ROOT, 'deploy/modules.mjs'), part]).then((text) =>
      text.trim().split('\n').map(nameOf),
    );
  const [all, agent] = await Promise.all([listed('all'), listed('agent')]);
  for (const { name, dependencies = {} } of ours.slice(1, -1))
    for (const package_ of Object.keys(dependencies).filter((each) => !each.startsWith('@bothends/')))
      expect(all, `of ${name}`).toContain(package_);
  expect(all).toEqual(expect.arrayContaining(agent));
  for (const absent of ['typescript', 'vitest', '@types/node']) expect(all).not.toContain(absent);
  for (const absent of ['better-sqlite3', 'preact', '@peculiar/x509']) expect(agent).not.toContain(absent);
});
