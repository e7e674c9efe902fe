import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../testing/run-cli.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'bothends-policy-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(text: string): string {
  const path = join(folder, 'policy.yaml');
  writeFileSync(path, text);
  return path;
}

it('checks a file without an agent', async () => {
  expect(await runCli(['policy', 'check', file('maxSnaplen: 96\n')])).toMatchObject({
    status: 0,
    stderr: '',
  });
  const bad = await runCli(['policy', 'check', file('maxSnaplen: 96\nport: 1\n')]);
  expect(bad).toMatchObject({ status: 1, stdout: '' });
  expect(bad.stderr).toContain('line 2: unknown setting "port"');
});

it('says what a capture would get, and which rule refuses it', async () => {
  const policy = file('ports: [443]\nmaxDuration: 2m\nusers: [alice]\n');
  const asked = ['policy', 'explain', policy, '--by', 'alice', 'host', '10.0.0.7'];
  expect((await runCli(asked)).stdout).toMatch(
    /filter +\(host 10\.0\.0\.7\) and \(port 443\)[\s\S]*at most 2m/,
  );
  expect((await runCli([...asked.slice(0, 5), '--duration', '3m'])).stderr).toContain('maxDuration: 2m');
  expect((await runCli(['policy', 'explain', policy, '--by', 'bob'])).stderr).toContain('(users: alice)');
});

it('says what ends a capture, who approved it, and in which pods it may be', async () => {
  const limits = 'maxPackets: 1000\nmaxBytes: 1GB\nmaxRate: 50000\n';
  const policy = file(`${limits}consent: ask\nowners: [olga]\npods: ["shop/web-*"]\nnames: none\n`);
  const asked = ['policy', 'explain', policy, '--by', 'alice'];
  expect((await runCli(asked)).stderr).toContain('(consent: ask, owners: olga)');
  const { stdout } = await runCli([...asked, '--approved-by', 'olga', '--pod', 'pod/shop/web-7f9']);
  expect(stdout).toContain('the network of pod/shop/web-7f9');
  expect(stdout).toContain(
    'after 1000 packets, after 1000000000 captured bytes, when more than 50000 packets come',
  );
  expect(stdout).toContain('consent    of olga');
  expect(stdout).toContain('none leave');
  const elsewhere = await runCli([...asked, '--approved-by', 'olga', '--pod', 'pod/shop/db-0']);
  expect(elsewhere).toMatchObject({ status: 1, stdout: '' });
  expect(elsewhere.stderr).toContain('(pods: shop/web-*)');
});

it('says what becomes of names and of packets themselves', async () => {
  const policy = file('names: clear\nrawPackets: keep\nmaxRaw: 20MB\nrawRetention: 48h\n');
  const plain = await runCli(['policy', 'explain', policy]);
  expect(plain.stdout).toContain(
    'as digests under a key of the capture; in clear where a capture asks for it',
  );
  const asked = await runCli(['policy', 'explain', policy, '--clear-names', '--keep-raw']);
  expect(asked.stdout).toContain('DNS and TLS server names leave in clear');
  expect(asked.stdout).toContain('kept: 20MB on this host at most, for 48h, and never leave');
  const refused = await runCli(['policy', 'explain', file(''), '--keep-raw']);
  expect(refused).toMatchObject({ status: 1, stdout: '' });
  expect(refused.stderr).toContain('(rawPackets: never)');
});

it('takes the example that is installed', async () => {
  const example = new URL('../../../deploy/policy.yaml', import.meta.url).pathname;
  expect(await runCli(['policy', 'check', example])).toMatchObject({ status: 0 });
});
