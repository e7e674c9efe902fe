import { readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { type Module, modulesOf, packageOf, targetOf } from './modules.js';

const PACKAGES = ['proto', 'agent', 'coordinator', 'cli'] as const;

/** Modules of node that reach outside the process or depend on when and where it runs. */
const IMPURE_NODE =
  /^(?:node:)?(?:fs|net|tls|dgram|dns|http2?|https|child_process|cluster|os|process|worker_threads|timers|perf_hooks)(?:\/|$)/;

/** `module: import` for every import that is not allowed; a rule that looked at nothing has not held. */
function offences(modules: Module[], allowed: (specifier: string, module: Module) => boolean): string[] {
  expect(modules.length).toBeGreaterThan(0);
  expect(modules.some(({ imports }) => imports.length > 0)).toBe(true);
  return modules.flatMap((module) =>
    module.imports
      .filter((specifier) => !allowed(specifier, module))
      .map((each) => `${module.path}: ${each}`),
  );
}

function isNode(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(packageOf(specifier));
}

describe('import directions', () => {
  it('proto imports nothing but protobuf and the pure part of node: both ends and a browser run it', () => {
    const allowed = (specifier: string) =>
      specifier.startsWith('.') ||
      packageOf(specifier) === '@bufbuild/protobuf' ||
      (isNode(specifier) && !IMPURE_NODE.test(specifier));
    expect(offences(modulesOf('proto/src'), allowed)).toEqual([]);
  });

  it.each(['agent', 'coordinator'])('%s knows proto and no other package of the house', (name) => {
    const allowed = (specifier: string) =>
      !specifier.startsWith('@bothends/') || packageOf(specifier) === '@bothends/proto';
    expect(offences(modulesOf(`${name}/src`), allowed)).toEqual([]);
  });

  it('cli starts the other packages from a few commands only, through their public entries', () => {
    // A command's file, or the folder of the same name that it keeps its work in.
    const starter =
      /^cli\/src\/(?:commands\/(?:analyze|agent|coordinator|doctor|policy|verify)\.ts|(?:analyze|export|verify)\/)/;
    const allowed = (specifier: string, { path }: Module) =>
      !specifier.startsWith('@bothends/') ||
      packageOf(specifier) === '@bothends/proto' ||
      (starter.test(path) &&
        /^@bothends\/(?:agent(?:\/(?:files|pods|policy|reading))?|coordinator(?:\/(?:engines|bundle))?)$/.test(
          specifier,
        ));
    expect(offences(modulesOf('cli/src'), allowed)).toEqual([]);
  });

  it.each(PACKAGES)('no relative import leaves %s', (name) => {
    const allowed = (specifier: string, module: Module) =>
      (targetOf(module, specifier) ?? `${name}/`).startsWith(`${name}/`);
    expect(offences(modulesOf(`${name}/src`, { tests: true, generated: true }), allowed)).toEqual([]);
  });

  it('the engine imports proto and itself, so that it runs anywhere and always says the same', () => {
    const allowed = (specifier: string, module: Module) =>
      packageOf(specifier) === '@bothends/proto' ||
      (targetOf(module, specifier)?.startsWith('coordinator/src/engine/') ?? false);
    expect(offences(modulesOf('coordinator/src/engine'), allowed)).toEqual([]);
  });

  it('only the SQLite store knows SQLite', () => {
    const allowed = (specifier: string, { path }: Module) =>
      packageOf(specifier) !== 'better-sqlite3' || path.startsWith('coordinator/src/store/sqlite/');
    expect(
      offences(
        PACKAGES.flatMap((name) => modulesOf(`${name}/src`)),
        allowed,
      ),
    ).toEqual([]);
  });

  it.each([...PACKAGES, 'test'])('%s declares every package that it imports', (name) => {
    const manifest = JSON.parse(
      readFileSync(join(REPOSITORY_ROOT, name, 'package.json'), 'utf8'),
    ) as Manifest;
    const declared = new Set([
      ...Object.keys(manifest.dependencies ?? {}),
      ...Object.keys(manifest.optionalDependencies ?? {}),
      ...Object.keys(manifest.devDependencies ?? {}),
      manifest.name,
      // Test tools are the workspace's.
      'vitest',
    ]);
    const allowed = (specifier: string) =>
      /^[.#]/.test(specifier) || isNode(specifier) || declared.has(packageOf(specifier));
    const folder = name === 'test' ? name : `${name}/src`;
    expect(offences(modulesOf(folder, { generated: true }), allowed)).toEqual([]);
  });
});

interface Manifest {
  name: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
}
