import { afterAll, afterEach, expect, test } from 'vitest';
import { makePki } from '../testing/certificates.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { runCli } from '../testing/run-cli.js';

const coordinator = new FakeCoordinator(makePki());
afterEach(() => coordinator.kill());
afterAll(() => coordinator.close());

const made = {
  url: 'https://ops-1:7480/login#secret',
  expiresNs: 1_767_348_000_000_000_000n,
  certificateSha256: 'AB:CD',
};

async function loginLink(...args: string[]) {
  const asked: object[] = [];
  await coordinator.start({
    unary: {
      createLoginLink: (request: object) => {
        asked.push(request);
        return made;
      },
    },
  });
  const result = await runCli(['login-link', ...args], { BOTHENDS_CONTEXT: coordinator.contextFile() });
  return { ...result, asked };
}

test('the link alone is data; when it ends and whom to trust is told beside it', async () => {
  const { status, stdout, stderr, asked } = await loginLink('--role', 'viewer', '--capture', 'a/b');
  expect({ status, stdout }).toEqual({ status: 0, stdout: `${made.url}\n` });
  expect(stderr).toContain('Works once, until 2026-01-02T10:00:00Z');
  expect(stderr).toContain('AB:CD');
  expect(asked).toMatchObject([{ role: 'viewer', path: '/captures/a%2Fb' }]);
});

test('for programs there is one object', async () => {
  const { stdout } = await loginLink('-o', 'json');
  expect(JSON.parse(stdout)).toEqual({
    url: made.url,
    expiresAt: '2026-01-02T10:00:00.000000000Z',
    certificateSha256: 'AB:CD',
  });
});

test('a role that is none is wrong usage', async () => {
  const { status, stderr } = await runCli(['login-link', '--role', 'emperor']);
  expect(status).toBe(2);
  expect(stderr).toContain('allowed choices are viewer, operator, admin');
});
