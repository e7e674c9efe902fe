import { expect, it } from 'vitest';
import { type Module, modulesOf, targetOf } from './modules.js';

/** A chain of modules that ends where it began, `a → b → a`; null where there is none. */
function cycleAmong(modules: readonly Module[]): string | null {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const chain: string[] = [];
  const visit = (module: Module): string | null => {
    if (chain.includes(module.path))
      return [...chain.slice(chain.indexOf(module.path)), module.path].join(' → ');
    if (done.has(module.path)) return null;
    chain.push(module.path);
    for (const specifier of module.imports) {
      const target = byPath.get(targetOf(module, specifier)?.replace(/\.js$/, '.ts') ?? '');
      const cycle = target ? visit(target) : null;
      if (cycle !== null) return cycle;
    }
    chain.pop();
    done.add(module.path);
    return null;
  };
  for (const module of modules) {
    const cycle = visit(module);
    if (cycle !== null) return cycle;
  }
  return null;
}

it('no modules of the engine import one another in a circle, types included', () => {
  const modules = modulesOf('coordinator/src/engine');
  expect(modules.length).toBeGreaterThan(0);
  expect(cycleAmong(modules)).toBeNull();
});

it('a circle would be seen', () => {
  const module = (path: string, imports: string[]): Module => ({ path, imports, code: '', expressions: '' });
  const circle = [module('x/a.ts', ['./b.js']), module('x/b.ts', ['./c.js']), module('x/c.ts', ['./b.js'])];
  expect(cycleAmong(circle)).toBe('x/b.ts → x/c.ts → x/b.ts');
});
