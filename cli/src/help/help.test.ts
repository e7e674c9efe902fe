import { execFileSync } from 'node:child_process';
import { VERDICT_CODES } from '@bothends/proto';
import { beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.js';

const COMMANDS = ['capture', 'captures', 'stop', 'delete', 'report', 'flows', 'flow', 'analyze', 'explain'];

describe('bash completion', () => {
  let script: string;
  beforeAll(async () => {
    script = (await runCli(['completion', 'bash'])).stdout;
  });

  /** What bash itself offers for these words, the last one being typed. */
  const complete = (...words: string[]) => {
    const array = words.map((word) => `'${word}'`).join(' ');
    const run = `${script}\nCOMP_WORDS=(bothends ${array}); COMP_CWORD=${words.length}; _bothends; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['--norc', '-c', run], { encoding: 'utf8' }).trim().split(/\s+/);
  };

  test('commands', () => {
    expect(complete('')).toEqual(expect.arrayContaining(COMMANDS));
    expect(complete('cap')).toEqual(['capture', 'captures']);
  });

  test('options of the command, after --context too', () => {
    expect(complete('capture', '--du')).toEqual(['--duration']);
    expect(complete('--context', 'report', 'flow', '--ar')).toEqual(['--around']);
  });

  test('values of an option, and verdict codes', () => {
    expect(complete('report', '-o', '')).toEqual(['text', 'json', 'markdown', 'html']);
    expect(complete('explain', 'rst-')).toEqual(VERDICT_CODES.filter((code) => code.startsWith('rst-')));
  });
});

test.each(['zsh', 'fish'])('%s completion knows every command and their choices', async (shell) => {
  const { stdout, status } = await runCli(['completion', shell]);
  expect(status).toBe(0);
  for (const command of COMMANDS) expect(stdout).toContain(command);
  expect(stdout).toContain('text json markdown html');
});

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
});
