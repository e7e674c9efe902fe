import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CliProcess, partsOfJoinLine, runCli } from '../testing/run-cli.js';

/** A real coordinator and real agents as processes on loopback; no packet is captured, so no right is needed. */
let dir: string;
let coordinator: CliProcess;
let address: string;
let line: string;
let context: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-fleet-'));
  context = join(dir, 'context.json');
  coordinator = start('--data', join(dir, 'coordinator'), '--context', context);
  await coordinator.stderrHas('join it');
  line = coordinator.stdout.trim();
  address = partsOfJoinLine(line).options[1] as string;
});
afterAll(async () => {
  coordinator.signal('SIGTERM');
  await coordinator.done;
  rmSync(dir, { recursive: true });
});

/** On two ports below those that Linux gives to clients (32768), two for each test process. */
function start(...flags: string[]): CliProcess {
  const port = 20_000 + 2 * (process.pid % 5_000);
  const listen = ['--listen', `127.0.0.1:${port}`, '--web', `127.0.0.1:${port + 1}`];
  return new CliProcess(['coordinator', ...listen, '--log-level', 'error', ...flags]);
}

/** Runs a join line under this name. */
function agent(name: string, joinLine: string) {
  const { token, options } = partsOfJoinLine(joinLine);
  return runCli(['agent', ...options, ...placeOf(name)], {}, token);
}

function placeOf(name: string): string[] {
  return ['--name', name, '--data', join(dir, name), '--join-only'];
}

/** The options of a new join line that tell nothing of the token, and the token. */
async function newLine(): Promise<{ token: string; options: string[] }> {
  const { stdout } = await runCli(['join-token', '--context', context]);
  const { token, options } = partsOfJoinLine(stdout);
  return { token, options: options.slice(0, options.indexOf('--token-file')) };
}

test('the coordinator prints a join line on stdout and keeps the context private', () => {
  expect(coordinator.stdout).toMatch(
    /^echo be1\.\S+ \| bothends agent --join 127\.0\.0\.1:\d+ --ca-hash sha256:[0-9a-f]{64} --token-file -\n$/,
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

describe('a join token', () => {
  test('comes from a file, of which only the first line counts', async () => {
    const { token, options } = await newLine();
    const file = join(dir, 'token');
    writeFileSync(file, `${token}\nnot this\n`, { mode: 0o600 });
    const flags = [...options, '--token-file', file];
    expect((await runCli(['agent', ...flags, ...placeOf('by-file')])).stderr).toMatch(
      /^Joined .* as by-file/,
    );
    // A container starts again with the same command, and its secret may be gone.
    rmSync(file);
    expect((await runCli(['agent', ...flags, ...placeOf('by-file')])).stderr).toMatch(/^Already joined/);
    expect(await runCli(['agent', ...flags, ...placeOf('by-no-file')])).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^bothends: the join token cannot be read from .*no such file/),
    });
  });

  test('comes from the environment', async () => {
    const { token, options } = await newLine();
    const { stderr } = await runCli(['agent', ...options, ...placeOf('by-env')], {
      BOTHENDS_JOIN_TOKEN: token,
    });
    expect(stderr).toMatch(/^Joined .* as by-env/);
  });

  test('that is an argument works, and is warned of', async () => {
    const { token, options } = await newLine();
    const { stderr } = await runCli(['agent', ...options, '--token', token, ...placeOf('by-argument')]);
    expect(stderr).toMatch(/^Every user of this host can read what --token says/);
    expect(stderr).toMatch(/Joined .* as by-argument/);
  });

  test('that is missing is asked for by name, and costs nothing', async () => {
    const { options } = await newLine();
    const empty = await runCli(['agent', ...options, '--token-file', '-', ...placeOf('by-nothing')]);
    expect(empty).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('no join token in standard input'),
    });
    const none = await runCli(['agent', ...options, ...placeOf('by-nothing')]);
    expect(none).toMatchObject({ status: 2, stderr: expect.stringContaining('--token-file together') });
  });
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
    const { status, stderr } = await agent('web-3', made.stdout);
    expect(status).toBe(1);
    expect(stderr).toContain('for another name');
  });

  test('another coordinator than the join line names', async () => {
    const wrong = line.replace(/sha256:\S+/, `sha256:${'0'.repeat(64)}`);
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

describe('another certificate authority', () => {
  const cli = (...args: string[]) => runCli([...args, '--context', context]);
  const trusted = () => JSON.parse(readFileSync(context, 'utf8')).caPem.match(/BEGIN CERTIFICATE/g)?.length;

  test('is taken along by commands, and by many at once as well', async () => {
    expect((await cli('ca', 'status')).stdout).toMatch(
      /^ +AUTHORITY +EXPIRES +HASH\nissuing +bothends CA \w+ /,
    );
    const before = readFileSync(context);
    const rotated = await cli('ca', 'rotate');
    expect(rotated).toMatchObject({ status: 0, stdout: '' });
    expect(rotated.stderr).toMatch(/^Certificates are from bothends CA \w+ now\./);
    expect(trusted()).toBe(2);
    // The certificate of before is valid until the other is used: a script with many commands at once finds it.
    writeFileSync(context, before);
    const many = await Promise.all(Array.from({ length: 6 }, () => cli('captures')));
    expect(many.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await cli('captures')).toMatchObject({ status: 0 });
    expect(trusted()).toBe(2);
  });

  test('says who depends on the one before, and what happens to them', async () => {
    const { stdout } = await cli('ca', 'status');
    expect(stdout).toMatch(/^outgoing +bothends CA \w+ /m);
    expect(stdout).toMatch(/^agent +web-1 +bothends CA \w+ +offline, never seen: renews when it comes back/m);
    expect(stdout).not.toMatch(/^user +admin/m);
    const refused = await cli('ca', 'retire');
    expect(refused).toMatchObject({ status: 1, stdout: '' });
    expect(refused.stderr).toMatch(/still needed \(offline: .*web-1.*--force/);
  });

  test('that is retired by force leaves behind who did not come', async () => {
    const { status, stderr } = await cli('ca', 'retire', '--force');
    expect(status).toBe(0);
    expect(stderr).toContain('agent web-1 has to join again: bothends join-token --name web-1');
    expect(trusted()).toBe(1);
    // Its line of before joins nothing new: a service that starts with it does not fail for want of a token.
    expect((await agent('web-1', line)).stderr).toMatch(/^Already joined/);
    const again = await cli('join-token', '--name', 'web-1');
    expect((await agent('web-1', again.stdout)).stderr).toMatch(/^Joined .* as web-1/);
  });
});
