import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/** Packages, and the folder whose subfolders their README lists. */
const PACKAGES = { proto: 'src', agent: 'src', coordinator: 'src', cli: 'src', test: '.' } as const;

/** Written by tools, or not a subject of its own. */
const UNLISTED: ReadonlySet<string> = new Set(['dist', 'node_modules', 'gen']);

const DOCUMENTS = ['README.md', 'DESIGN.md', 'CONTRIBUTING.md', 'docs/bundle.md', 'docs/web.md'] as const;

function read(path: string): string {
  return readFileSync(join(REPOSITORY_ROOT, path), 'utf8');
}

it.each(Object.entries(PACKAGES))('the README of %s lists every folder', (name, under) => {
  const text = read(join(name, 'README.md'));
  const folders = readdirSync(join(REPOSITORY_ROOT, name, under), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !UNLISTED.has(entry.name))
    .map((entry) => `\`${join(under, entry.name)}/\``);
  expect(folders.length).toBeGreaterThan(5);
  expect(folders.filter((folder) => !text.includes(folder))).toEqual([]);
});

it.each(DOCUMENTS)('%s names no file that is not there', (document) => {
  const named = read(document).matchAll(/`((?:proto|agent|coordinator|cli|test|deploy|docs)\/[\w./-]+)`/g);
  const missing = [...named]
    .map(([, path = '']) => path)
    .filter((path) => !['', '.ts'].some((end) => existsSync(join(REPOSITORY_ROOT, path + end))));
  expect(missing).toEqual([]);
});
