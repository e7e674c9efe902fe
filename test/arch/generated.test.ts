import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

it('generated code is what the .proto files say: run `npm run generate` after a change', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-generated-'));
  try {
    const buf = join(REPOSITORY_ROOT, 'node_modules/.bin/buf');
    await checkCommand([buf, 'generate', '--output', folder], { cwd: join(REPOSITORY_ROOT, 'proto') });
    const [fresh, committed] = [join(folder, 'src/gen'), join(REPOSITORY_ROOT, 'proto/src/gen')].map(
      contents,
    );
    expect(Object.keys(fresh ?? {})).not.toEqual([]);
    expect(committed).toEqual(fresh);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function contents(folder: string): Record<string, string> {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}
