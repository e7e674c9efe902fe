import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Harness } from '@bothends/coordinator/testing/harness';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkCommand, runCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';
import { whyNoCopy } from './system-copy.js';

const canBuild = spawnSync('dpkg-deb', ['--version']).status === 0;
const skipReason = 'dpkg-deb is not installed, so no Debian package can be built here';
if (!canBuild) console.warn(`SKIPPED: ${skipReason}`);

/** npm lists the dependencies, and xz packs them, on a machine that does other things too. */
const BUILD_MS = 600_000;
/** dpkg unpacks it twice and removes it twice, and writes down each of its files. */
const INSTALL_MS = 600_000;

/** Folders of npm packages, `node_modules/…`, but those of this house. */
function packagesBelow(home: string): string[] {
  const files = readdirSync(join(home, 'node_modules'), { recursive: true }) as string[];
  return files
    .filter((file) => /(?:^|node_modules\/)(?:@[^/]+\/)?[^/]+\/package\.json$/.test(file))
    .map((file) => `node_modules/${file.replace(/\/package\.json$/, '')}`)
    .filter((folder) => !folder.startsWith('node_modules/@bothends/'))
    .sort();
}

describe('the Debian package of the agent', { skip: !canBuild, meta: canBuild ? {} : { skipReason } }, () => {
  let folder: string;
  /** The package as it would be below /. */
  let root: string;
  let program: string[];
  let deb: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bothends-deb-'));
    root = join(folder, 'root');
    const build = [join(REPOSITORY_ROOT, 'deploy/build-deb.sh'), folder];
    deb = (await checkCommand(build, { timeoutMs: BUILD_MS })).trim();
    await checkCommand(['dpkg-deb', '-x', deb, root]);
    await checkCommand(['dpkg-deb', '-e', deb, join(folder, 'control')]);
    program = [process.execPath, join(root, 'usr/lib/bothends/cli/bin/bothends.js')];
  }, BUILD_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('holds the agent, and nothing that only the coordinator needs', () => {
    const modules = join(root, 'usr/lib/bothends/node_modules');
    expect(readdirSync(join(modules, '@bothends')).sort()).toEqual(['agent', 'cli', 'proto']);
    for (const absent of ['better-sqlite3', '@peculiar', 'preact', 'typescript', 'vitest']) {
      expect(existsSync(join(modules, absent)), absent).toBe(false);
    }
    expect(existsSync(join(root, 'usr/lib/bothends/coordinator'))).toBe(false);
    const bill = spawnSync(process.execPath, [join(REPOSITORY_ROOT, 'deploy/sbom.mjs'), folder]);
    expect(bill.status).toBe(0);
    const { components } = JSON.parse(readFileSync(join(folder, 'sbom-agent.json'), 'utf8'));
    const billed = (components as { 'bom-ref': string }[]).map((each) =>
      each['bom-ref'].replace(/@[^@]+$/, ''),
    );
    expect(packagesBelow(join(root, 'usr/lib/bothends'))).toEqual(billed.sort());
    expect(readFileSync(join(folder, 'control/control'), 'utf8')).toMatch(/^Depends: .*tcpdump/m);
  });

  it('joins a coordinator, runs under the policy that it installs, and is online', {
    timeout: 300_000,
  }, async () => {
    const harness = await Harness.start();
    const data = join(folder, 'data');
    try {
      const { joinLine, token } = await harness.handle.createJoinToken('packed');
      const [, options = ''] = joinLine.split('| bothends ');
      const join = [...options.split(' '), '--name', 'packed', '--data', data, '--join-only'];
      expect(await runCommand([...program, ...join], { input: token })).toMatchObject({ code: 0 });
      const policy = `${root}/etc/bothends/policy.yaml`;
      const [node = '', ...args] = [...program, 'agent', '--data', data, '--policy', policy];
      const agent = spawn(node, args, { stdio: 'ignore' });
      const ended = new Promise<number | null>((resolve) => agent.once('exit', resolve));
      await harness.agentsWith(({ name, online }) => name === 'packed' && online);
      agent.kill('SIGTERM');
      expect(await ended).toBe(0);
    } finally {
      await harness.stop();
    }
  });

  it('says of a command that it does not hold what to install', async () => {
    const { code, stderr } = await runCommand([...program, 'coordinator', '--data', join(folder, 'c')]);
    expect(code).toBe(1);
    expect(stderr).toContain('only the agent is installed here');
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it('has scripts that a shell can read, and a unit that starts what is there', async () => {
    for (const script of ['postinst', 'prerm', 'postrm'])
      await checkCommand(['sh', '-n', join(folder, 'control', script)]);
    const unit = readFileSync(join(root, 'usr/lib/systemd/system/bothends-agent.service'), 'utf8');
    const [, started = ''] = /ExecStart=\S+ node (\S+)/.exec(unit) ?? [];
    expect(existsSync(join(root, started))).toBe(true);
  });

  const why = canBuild ? whyNoCopy(['nodejs', 'tcpdump', 'adduser']) : skipReason;
  it(`is installed, upgraded, removed and purged by dpkg${why && ` (SKIPPED: ${why})`}`, {
    skip: why !== '',
    timeout: INSTALL_MS,
  }, async () => {
    const copy = mkdtempSync(join(folder, 'copy-'));
    const script = join(REPOSITORY_ROOT, 'test/deploy/installed.sh');
    const unshare = ['unshare', '--mount', '--propagation', 'private'];
    const told = await checkCommand([...unshare, script, deb, copy], { timeoutMs: INSTALL_MS });
    expect(told.trim().split(/\s*\n/)).toEqual([
      'user bothends-agent',
      'folder bothends-agent 700',
      expect.stringMatching(/^version \d/),
      'policy /etc/bothends/policy.yaml is a valid policy.',
      // systemd has nothing to say about it.
      'unit',
      'upgraded # mine',
      'removed etc/bothends/policy.yaml var/lib/bothends/agent/identity.json',
      'purged',
    ]);
  });
});
