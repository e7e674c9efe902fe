import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

const BIN = join(REPOSITORY_ROOT, 'node_modules/.bin');

it('Biome has nothing to say about the sources', async () => {
  const { code, stdout, stderr } = await runCommand([join(BIN, 'biome'), 'check', '.'], {
    cwd: REPOSITORY_ROOT,
  });
  expect(code, stdout + stderr).toBe(0);
  const checked = /Checked (\d+)/.exec(stdout + stderr)?.[1];
  expect(Number(checked), stdout + stderr).toBeGreaterThan(0);
});

it('buf has nothing to say about the contracts', async () => {
  const { code, stdout } = await runCommand([join(BIN, 'buf'), 'lint'], {
    cwd: join(REPOSITORY_ROOT, 'proto'),
  });
  expect(code, stdout).toBe(0);
});

// Canaries: a rule that is renamed, or that needs an option it no longer has, goes silent instead of failing.
it.each([
  [
    'noImportCycles',
    {
      'a.ts': "import { b } from './b.js';\nexport const a = () => b();\n",
      'b.ts': "import { a } from './a.js';\nexport const b = () => a();\n",
    },
  ],
  [
    'noFloatingPromises',
    { 'a.ts': 'async function act(): Promise<void> {}\nexport function forget(): void {\n  act();\n}\n' },
  ],
])('Biome still finds %s', async (rule, files) => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-canary-'));
  try {
    const { $schema: _, ...config } = JSON.parse(readFileSync(join(REPOSITORY_ROOT, 'biome.json'), 'utf8'));
    writeFileSync(join(folder, 'biome.json'), JSON.stringify(config));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    const { code, stderr, stdout } = await runCommand([join(BIN, 'biome'), 'lint', '.'], { cwd: folder });
    expect(code).toBe(1);
    expect(stdout + stderr).toContain(rule);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
