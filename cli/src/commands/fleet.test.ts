import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliProcess, runCli } from '../testing/run-cli.js';

/** A real coordinator and real agents as processes on loopback; no packet is captured, so no right is needed. */
let dir: string;
let coordinator: CliProcess;
let address: string;
let line: string[];
let context: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-fleet-'));
  context = join(dir, 'context.json');
  coordinator = start('--data', join(dir, 'coordinator'), '--context', context);
  await coordinator.stderrHas('join it');
  line = coordinator.stdout.trim().split(' ').slice(2);
  address = line[1] as string;
});
afterAll(async () => {
  coordinator.signal('SIGTERM');
  await coordinator.done;
  rmSync(dir, { recursive: true });
});

/** On a port below those that Linux gives to clients, one for each test process. */
function start(...flags: string[]): CliProcess {
  const port = 20_000 + (process.pid % 10_000);
  const listen = ['--listen', `127.0.0.1:${port}`, '--web', `127.0.0.1:${port + 10_000}`];
  return new CliProcess(['coordinator', ...listen, '--log-level', 'error', ...flags]);
}

const agent = (name: string, joinLine: readonly string[]) =>
  runCli(['agent', ...joinLine, '--name', name, '--data', join(dir, name), '--join-only']);

test('the coordinator prints a join line on stdout and keeps the context private', () => {
  expect(coordinator.stdout).toMatch(
    /^bothends agent --join 127\.0\.0\.1:\d+ --token be1\.\S+ --ca-hash sha256:[0-9a-f]{64}\n$/,
  );
  expect(statSync(context).mode & 0o777).toBe(0o600);
  expect(JSON.parse(readFileSync(context, 'utf8')).address).toBe(address);
});

test('a host joins once, is listed, and joining again needs no token', async () => {
  expect(await agent('web-1', line)).toMatchObject({ status: 0, stdout: '' });
  const { stdout } = await runCli(['agents', '--context', context, '-o', 'json']);
  expect(JSON.parse(stdout)).toMatchObject({ name: 'web-1', online: false });
  expect((await agent('web-1', line)).stderr).toBe(
    `Already joined ${address} as web-1; the token was not used.\n`,
  );
});

describe('joining that cannot work says what to do', () => {
  test('a used token', async () => {
    await agent('web-1', line);
    const { status, stderr } = await agent('web-2', line);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^bothends: .*used already.*join-token/);
  });

  test('a token for another name', async () => {
    const made = await runCli(['join-token', '--name', 'db-1', '--context', context]);
    const { status, stderr } = await agent('web-3', made.stdout.trim().split(' ').slice(2));
    expect(status).toBe(1);
    expect(stderr).toContain('is for another');
  });

  test('another coordinator than the join line names', async () => {
    const wrong = [...line.slice(0, -1), `sha256:${'0'.repeat(64)}`];
    const { status, stderr } = await agent('web-4', wrong);
    expect(status).toBe(1);
    expect(stderr).toContain('is not the coordinator of this join line');
  });

  test('an agent that never joined', async () => {
    const { status, stderr } = await runCli(['agent', '--data', join(dir, 'nobody')]);
    expect(status).toBe(1);
    expect(stderr).toContain('has not joined');
  });
});

describe('a second coordinator', () => {
  test('on the same port is refused', async () => {
    const { status, stderr } = await start('--data', join(dir, 'second'), '--context', join(dir, 'c2')).done;
    expect(status).toBe(1);
    expect(stderr).toContain(`${address} is in use`);
  });

  test('on the same data is refused', async () => {
    const flags = [
      '--listen',
      '127.0.0.1:1',
      '--data',
      join(dir, 'coordinator'),
      '--context',
      join(dir, 'c3'),
    ];
    const { status, stderr } = await runCli(['coordinator', ...flags]);
    expect(status).toBe(1);
    expect(stderr).toContain('another coordinator is running');
  });
});

test('a capture of hosts that are offline does not start', async () => {
  const { status, stderr } = await runCli(['capture', 'web-1', 'web-9', '--context', context]);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^bothends: (web-1 is offline|no agent called web-9)/);
});
