import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCommand } from '../lab/command.js';
import { REPOSITORY_ROOT } from '../lab/paths.js';

const SETUP = [process.execPath, join(REPOSITORY_ROOT, 'deploy/setup.mjs')];

it('set-up says nothing when nothing is to do', async () => {
  expect(await runCommand(SETUP)).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
});

it('set-up installs missing Debian packages as root, else says how', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bothends-setup-test-'));
  try {
    // A machine without tools of its own, and an apt-get that only says how it was called.
    writeFileSync(join(folder, 'apt-get'), '#!/bin/sh\necho "called: $DEBIAN_FRONTEND $*" >&2\nexit 1\n');
    chmodSync(join(folder, 'apt-get'), 0o755);
    symlinkSync('/bin/sh', join(folder, 'sh'));
    const { code, stderr } = await runCommand(SETUP, { env: { ...process.env, PATH: folder } });
    expect(stderr).toMatch(/apt-get install -y --no-install-recommends .*\btshark\b/);
    expect(stderr.includes('called: noninteractive update')).toBe(process.getuid?.() === 0);
    // What needs the packages cannot run; everything else can.
    expect(code).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
