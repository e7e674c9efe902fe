import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY_ROOT } from '../lab/paths.js';

/**
 * What counts as the release before, until releases have tags: the last commit before agents and coordinators told each
 * other what they can do beyond version 1 of their protocol.
 */
const COMMIT = '614c0ce20f23c069b1d887bbaa5bd1ef68412c84';
const PACKAGES = ['proto', 'agent', 'coordinator', 'cli'];
const SOURCES = [...PACKAGES, 'package.json', 'tsconfig.base.json'];

/** Why the release before cannot be had here; null where it can. */
export function whyNoPreviousRelease(): string | null {
  const { status } = spawnSync('git', ['cat-file', '-e', `${COMMIT}^{commit}`], { cwd: REPOSITORY_ROOT });
  return status === 0
    ? null
    : `the release before is not in the history of this checkout (commit ${COMMIT.slice(0, 7)})`;
}

/** The command of the release before: built from the history, once for each checkout, whose packages it uses. */
export function previousRelease(): readonly string[] {
  const checkout = createHash('sha256').update(REPOSITORY_ROOT).digest('hex');
  const folder = join(tmpdir(), `bothends-release-${COMMIT.slice(0, 12)}-${checkout.slice(0, 8)}`);
  if (!existsSync(folder)) build(folder);
  return [process.execPath, join(folder, 'cli/bin/bothends.js')];
}

function build(folder: string): void {
  const work = mkdtempSync(`${folder}.`);
  try {
    const archive = execFileSync('git', ['archive', COMMIT, ...SOURCES], {
      cwd: REPOSITORY_ROOT,
      maxBuffer: Number.POSITIVE_INFINITY,
    });
    execFileSync('tar', ['-x', '-C', work], { input: archive });
    linkModules(work);
    execFileSync(join(REPOSITORY_ROOT, 'node_modules/.bin/tsc'), ['-b', 'cli'], { cwd: work });
    // As a whole or not at all: two test files may come at the same time.
    renameSync(work, folder);
  } catch (error) {
    rmSync(work, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The packages of others are those of this checkout; its own are those of the release. */
function linkModules(work: string): void {
  const modules = join(REPOSITORY_ROOT, 'node_modules');
  mkdirSync(join(work, 'node_modules/@bothends'), { recursive: true });
  for (const name of readdirSync(modules)) {
    if (name !== '@bothends') symlinkSync(join(modules, name), join(work, 'node_modules', name));
  }
  for (const name of PACKAGES) symlinkSync(`../../${name}`, join(work, 'node_modules/@bothends', name));
}
