import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/** A TypeScript source of a package, with what it imports. */
export interface Module {
  /** From the repository's root: `coordinator/src/engine/grade.ts`. */
  path: string;
  /** Specifiers as written, dynamic imports and re-exports too. */
  imports: string[];
  /** Without comments. */
  code: string;
  /** Without comments and quoted strings (templates stay: they hold expressions). */
  expressions: string;
}

export interface ModuleFilter {
  /** Unit tests beside the source may import more. Default false. */
  tests?: boolean;
  /** Generated code. Default false. */
  generated?: boolean;
}

/** Every module under a folder of the repository. */
export function modulesOf(folder: string, { tests = false, generated = false }: ModuleFilter = {}): Module[] {
  return sourcesOf(join(REPOSITORY_ROOT, folder))
    .filter((path) => tests || !path.endsWith('.test.ts'))
    .filter((path) => generated || !path.includes('/src/gen/'))
    .map((path) => {
      const code = withoutComments(readFileSync(path, 'utf8'));
      return {
        path: relative(REPOSITORY_ROOT, path),
        imports: importsOf(code),
        code,
        expressions: code.replace(QUOTED, "''"),
      };
    });
}

/** Where a relative import leads, from the repository's root; null for a package or a node module. */
export function targetOf(module: Module, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  return relative(REPOSITORY_ROOT, resolve(REPOSITORY_ROOT, dirname(module.path), specifier));
}

/** The package that a bare specifier names: `@grpc/grpc-js` of `@grpc/grpc-js/build/x.js`. */
export function packageOf(specifier: string): string {
  const parts = specifier.split('/');
  return parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/');
}

function sourcesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(?:node_modules|dist)\//.test(path));
}

/** `import … from 'x'`, `export … from 'x'`, `import 'x'`, `import('x')`. */
const IMPORT =
  /(?:^|[\s;])(?:import|export)\s[^'"`;]*?from\s*['"]([^'"]+)['"]|\bimport\s*\(?\s*['"]([^'"]+)['"]/g;

function importsOf(code: string): string[] {
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '');
}

const QUOTED = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/g;

/** A string, or a comment: strings first, so that `//` inside one is no comment. */
const STRING_OR_COMMENT =
  /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;

function withoutComments(source: string): string {
  return source.replace(STRING_OR_COMMENT, (text) => (text.startsWith('/') ? '' : text));
}
