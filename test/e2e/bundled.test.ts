import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { BOTHENDS } from '../lab/fleet.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { capturePaths } from '../scenarios/captures.js';

const BIN = join(REPOSITORY_ROOT, 'cli/bin');
/** Packages that the bundle is made of. */
const PACKAGES = ['proto', 'agent', 'coordinator', 'cli'];

interface Bundled {
  isBundleCurrent(): boolean;
}

const load = (folder: string): Promise<Bundled> =>
  import(pathToFileURL(join(folder, 'cli/bin/bundled.js')).href) as Promise<Bundled>;

/** Runs the files of the packages, whatever bundle there is. */
const UNBUNDLED = [
  process.execPath,
  '--input-type=module',
  '-e',
  `import { main, processIo } from '${pathToFileURL(join(BIN, '../dist/main.js')).href}';
   process.exitCode = await main(process.argv.slice(1), processIo());`,
];

const { isBundleCurrent } = await load(REPOSITORY_ROOT);

describe.skipIf(!isBundleCurrent())('the bundle of analyze (SKIPPED where `npm run build` is due)', () => {
  it.each(['nat', 'injected-burst', 'dns-failed'])(
    'says the same of %s as the files it is made of',
    async (name) => {
      const paths = capturePaths(name);
      const [bundled, plain] = await Promise.all(
        [BOTHENDS, UNBUNDLED].map((program) => runCommand([...program, 'analyze', '-o', 'json', ...paths])),
      );
      expect(bundled?.stdout).toContain('bothends.report.v1');
      expect(bundled).toMatchObject({ code: plain?.code, stdout: plain?.stdout, stderr: plain?.stderr });
    },
  );

  it('names what is wrong with a file as they do', async () => {
    const { code, stderr } = await runCommand([
      ...BOTHENDS,
      'analyze',
      '/nowhere.pcap',
      capturePaths('nat')[0],
    ]);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'bothends: /nowhere.pcap: there is no such file\n' });
  });
});

describe('a bundle is used only while it is current', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-bundled-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  cpSync(BIN, join(folder, 'cli/bin'), { recursive: true });
  const write = (path: string, second: number) => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), '');
    utimesSync(join(folder, path), second, second);
  };

  it('not where there is none, nor where a package was built after it', async () => {
    const copy = await load(folder);
    expect(copy.isBundleCurrent()).toBe(false);
    write('cli/dist/analyze-bundle.cjs', 1000);
    // As installed: nobody builds there.
    expect(copy.isBundleCurrent()).toBe(true);
    for (const name of PACKAGES) write(`${name}/dist/.tsbuildinfo`, 999);
    expect(copy.isBundleCurrent()).toBe(true);
    write('agent/dist/.tsbuildinfo', 1001);
    expect(copy.isBundleCurrent()).toBe(false);
  });
});

describe('files that are run from kept code', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-code-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const entry = join(folder, 'entry.cjs');
  writeFileSync(entry, "const { seven } = require('./part.cjs'); exports.answer = () => 6 * seven;");
  writeFileSync(join(folder, 'part.cjs'), 'exports.seven = 7;');
  const answer = async () => {
    const script = `
      import { load, storeCode } from '${pathToFileURL(join(BIN, 'code-cache.js')).href}';
      console.log(load(new URL('${pathToFileURL(entry).href}')).answer());
      storeCode();`;
    return (await runCommand([process.execPath, '--input-type=module', '-e', script])).stdout;
  };

  it('do the same without it, with it, and where it is of no use', async () => {
    expect(await answer()).toBe('42\n');
    const kept = readFileSync(`${entry}.cache`);
    expect(await answer()).toBe('42\n');
    writeFileSync(`${entry}.cache`, kept.subarray(0, kept.length >> 1));
    expect(await answer()).toBe('42\n');
    writeFileSync(`${entry}.cache`, '');
    expect(await answer()).toBe('42\n');
  });
});
