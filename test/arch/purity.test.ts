import { describe, expect, it } from 'vitest';
import { modulesOf } from './modules.js';

/** Lines of code that match, as `path: line`. */
function linesMatching(folder: string, pattern: RegExp, part: 'code' | 'expressions'): string[] {
  const modules = modulesOf(folder);
  expect(modules.length).toBeGreaterThan(0);
  return modules
    .map((module) => ({ path: module.path, text: module[part] }))
    .flatMap(({ path, text }) => text.split('\n').map((line) => ({ path, line })))
    .filter(({ line }) => pattern.test(line))
    .map(({ path, line }) => `${path}: ${line.trim()}`);
}

/** Reading the clock, chance, or the process; `new Date(value)` only converts. */
const IMPURE =
  /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bprocess\.|\bperformance\.|\bglobalThis\b|\bset(?:Timeout|Interval|Immediate)\b|\bcrypto\.|\bfetch\(/;

const SQL =
  /\b(?:SELECT\s[^'"]*\bFROM|INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM|CREATE\s+(?:TABLE|INDEX|UNIQUE)|ALTER\s+TABLE|PRAGMA\s)/;

describe('purity', () => {
  it('the engine reads no clock, no chance and no process: the same evidence gives the same report', () => {
    expect(linesMatching('coordinator/src/engine', IMPURE, 'expressions')).toEqual([]);
  });

  it('proto reads none either', () => {
    expect(linesMatching('proto/src', IMPURE, 'expressions')).toEqual([]);
  });

  it('SQL is spoken in the store only', () => {
    const spoken = ['agent/src', 'coordinator/src', 'cli/src'].flatMap((name) =>
      linesMatching(name, SQL, 'code'),
    );
    expect(spoken.filter((line) => !line.startsWith('coordinator/src/store/'))).toEqual([]);
    // The pattern knows SQL when it sees it.
    expect(spoken).not.toEqual([]);
  });
});
