import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.js';
import { hasProgram } from '../testing/shells.js';

const COMMANDS = ['capture', 'captures', 'stop', 'delete', 'report', 'flows', 'flow', 'analyze', 'explain'];

describe('manual page', () => {
  test('describes every command and exit status', async () => {
    const { stdout } = await runCli(['man']);
    expect(stdout).toMatch(/^\.TH BOTHENDS 1/);
    for (const command of COMMANDS) expect(stdout).toContain(`.SS bothends ${command}`);
    for (const status of ['0', '1', '2', '10', '11']) expect(stdout).toContain(`.B ${status}\n`);
  });

  test('no text is taken for a roff request', async () => {
    const { stdout } = await runCli(['man']);
    const requests = new Set(
      stdout
        .split('\n')
        .filter((line) => /^[.']/.test(line))
        .map((line) => line.split(' ')[0]),
    );
    expect([...requests].sort()).toEqual(['.B', '.BR', '.I', '.PP', '.SH', '.SS', '.TH', '.TP']);
  });

  test('man and mandoc have nothing to say against it', async (context) => {
    const { stdout: page } = await runCli(['man']);
    const readers = [
      ['man', '-l', '--warnings=w', '-'],
      ['mandoc', '-T', 'lint', '-W', 'warning'],
    ].filter(([program = '']) => hasProgram(program));
    if (readers.length === 0)
      context.skip('neither man nor mandoc on this machine: apt-get install -y mandoc');
    for (const [program = '', ...args] of readers) {
      const { stderr, status } = spawnSync(program, args, { input: page, encoding: 'utf8' });
      expect(stderr, program).toBe('');
      expect(status, program).toBe(0);
    }
  });
});
