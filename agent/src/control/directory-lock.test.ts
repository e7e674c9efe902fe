import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockDirectory } from './directory-lock.js';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it('gives a directory to one at a time', async () => {
  const release = await lockDirectory(directory);
  await expect(lockDirectory(directory)).rejects.toMatchObject({
    code: 'failed-precondition',
    message: expect.stringContaining(`another agent runs on ${directory}`),
  });
  release();
  const again = await lockDirectory(directory);
  again();
});

it('takes over from a process that was killed', async () => {
  const path = join(directory, 'agent.sock');
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'failed-precondition' });
  child.kill('SIGKILL');
  await once(child, 'close');
  expect(existsSync(path)).toBe(true);
  const release = await lockDirectory(directory);
  release();
});

it('says so when the path is too long for a socket', async () => {
  await expect(lockDirectory(join(directory, 'x'.repeat(120)))).rejects.toMatchObject({
    code: 'failed-precondition',
  });
});
