import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { VERDICT_CODES } from '@bothends/proto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.js';

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-cli-'));
});
afterAll(() => rmSync(dir, { recursive: true }));

test('help goes to stdout, is complete, and is no error', async () => {
  const { status, stdout, stderr } = await runCli(['--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  for (const name of [
    'capture',
    'captures',
    'stop',
    'delete',
    'report',
    'flows',
    'flow',
    'analyze',
    'explain',
    'agents',
    'agent',
    'coordinator',
    'join-token',
    'completion',
    'man',
  ]) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
});

test('the version is that of the package', async () => {
  expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('wrong usage exits with 2, says what is wrong in one line, and gives a hint', () => {
  test.each([
    [[], /^Usage: bothends/],
    [['captrue'], /^bothends: unknown command 'captrue'/],
    [['capture', 'web-1'], /^bothends: missing required argument 'server'/],
    [['capture', 'web-1', 'web-1'], /no context file|both "web-1"/],
    [
      ['capture', 'web-1', 'db-1', '--nonsense'],
      /^bothends: unknown option '--nonsense'\n.*cannot begin with '-'/,
    ],
    [['capture', 'web-1', 'db-1', '--port', '99999'], /a port is a number from 1 to 65535/],
    [['capture', 'web-1', 'db-1', '--duration', 'soon'], /not a duration: "soon" \(write 300ms, 60s/],
    [['capture', 'web-1', 'db-1', '--name', '-x'], /a name does not begin with '-'/],
    [['capture', 'web-1', 'db-1', '-i', 'eth0 up'], /an interface is up to 15 characters/],
    [['capture', 'web-1', 'db-1', '--until', 'fin'], /allowed choices are rst, finding/],
    [['report', 'x', '-o', 'pdf'], /allowed choices are text, json, markdown, html/],
    [['explain'], /^bothends: explain takes a verdict code\n.*--list/],
    [['explain', 'rst-forgd'], /^bothends: no verdict "rst-forgd"\nDid you mean rst-forged/],
    [['agent', '--token', 'be1.a.b'], /joining takes --join, --ca-hash and --token-file together/],
    [['agent', '--join', '-x'], /a coordinator is HOST:PORT/],
    [['completion', 'csh'], /allowed choices are bash, zsh, fish/],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await runCli(args);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(status === 2 || /no context file/.test(stderr)).toBe(true);
  });
});

describe('context', () => {
  const withContext = (text: string) => {
    const path = join(dir, 'context.json');
    writeFileSync(path, text);
    return runCli(['captures', '--context', path]);
  };

  test('a missing one says where it was looked for and how to get one', async () => {
    const { status, stderr } = await runCli(['captures'], { XDG_CONFIG_HOME: dir });
    expect(status).toBe(1);
    expect(stderr).toContain(`no context file at ${join(dir, 'bothends/context.json')}`);
    expect(stderr).toContain('--context FILE or BOTHENDS_CONTEXT');
  });

  test.each([
    ['not JSON', 'it is not JSON'],
    ['[]', 'it is not a JSON object'],
    ['{"name":"a"}', 'it has no "address"'],
    ['{"name":"a","address":"h:1","caPem":"x","certificatePem":"y","keyPem":"z"}', 'cannot be read'],
  ])('%s is refused with what is wrong', async (text, message) => {
    const { status, stderr } = await withContext(text);
    expect(status).toBe(1);
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('BOTHENDS_DEBUG adds the stack', async () => {
    const { stderr } = await runCli(['captures'], { XDG_CONFIG_HOME: dir, BOTHENDS_DEBUG: '1' });
    expect(stderr).toContain('    at ');
  });
});

describe('explain', () => {
  test.each(VERDICT_CODES)('%s', async (code) => {
    const { status, stdout } = await runCli(['explain', code]);
    expect(status).toBe(0);
    expect(stdout.startsWith(`${code}: `)).toBe(true);
    for (const section of ['What proves it', 'What refutes it', 'What to do'])
      expect(stdout).toContain(section);
  });

  test('--list names all codes, one per line', async () => {
    const { stdout } = await runCli(['explain', '--list']);
    const named = stdout.split('\n').map((line) => line.split(' ')[0]);
    expect(named).toEqual(expect.arrayContaining([...VERDICT_CODES]));
  });
});
