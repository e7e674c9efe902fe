import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BothendsError } from '@bothends/proto';
import type { ExportBundleRequest } from '@bothends/proto/gen/bothends/v1/bothends';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFile, serverFile } from '../testing/capture-files.js';
import { FakeCoordinator } from '../testing/fake-coordinator.js';
import { runCli } from '../testing/run-cli.js';

let dir: string;
const path = (name: string) => join(dir, name);

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-export-test-'));
  writeFileSync(path('client.pcap'), clientFile());
  writeFileSync(path('server.pcap'), serverFile());
});
afterAll(() => rmSync(dir, { recursive: true }));

const files = () => [path('client.pcap'), path('server.pcap')];

describe('analyze writes files', () => {
  test('a bundle that verifies, and says that nobody signed it', async () => {
    const { status, stderr, stdout } = await runCli(['analyze', ...files(), '--bundle', path('b.tar')]);
    expect(status).toBe(0);
    expect(stderr).toContain(`bothends verify ${path('b.tar')}`);
    expect(stdout).toContain('rst-genuine');
    const verified = await runCli(['verify', path('b.tar')]);
    expect(verified.stdout).toMatch(/b\.tar is whole\./);
    expect(verified.stdout).toMatch(/nobody signed/);
    expect(verified.status).toBe(0);
  });

  test('the report in the bundle is the one that is printed', async () => {
    const { stdout } = await runCli(['analyze', ...files(), '-o', 'json', '--bundle', path('json.tar')]);
    expect(readFileSync(path('json.tar'))).toSatisfy((tar: Buffer) => tar.includes(Buffer.from(stdout)));
  });

  test('with pseudonyms, printed and written', async () => {
    const options = ['-o', 'json', '--pseudonymise', '--bundle', path('p.tar')];
    const plain = JSON.parse((await runCli(['analyze', ...files(), '-o', 'json'])).stdout);
    const { stdout } = await runCli(['analyze', ...files(), ...options]);
    const address: string = plain.flows[0].client.address;
    expect(stdout).not.toContain(address);
    expect(readFileSync(path('p.tar')).includes(address)).toBe(false);
    expect(JSON.parse(stdout).findings.map(({ code }: { code: string }) => code)).toEqual(
      plain.findings.map(({ code }: { code: string }) => code),
    );
    expect((await runCli(['verify', path('p.tar')])).status).toBe(0);
  });

  test.each([
    ['--pseudonymise alone', ['--pseudonymise'], /--pseudonymise is for files/],
    ['one file for both', ['--bundle', 'x', '--pcapng', './x'], /both \.\/x/],
    ['--flow with files', ['--flow', 'f1', '--bundle', 'x'], /--flow draws one flow/],
  ])('%s is wrong usage', async (_name, options, message) => {
    const { status, stderr } = await runCli(['analyze', ...files(), ...options]);
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  test('where nothing can be written it says so, and leaves nothing', async () => {
    const { status, stderr } = await runCli(['analyze', ...files(), '--bundle', path('no/folder/b.tar')]);
    expect(stderr).toMatch(/no\/folder\/b\.tar cannot be written/);
    expect(status).toBe(1);
  });
});

describe('verify', () => {
  test.each([
    ['a pcap', () => path('client.pcap'), /client\.pcap is no evidence bundle/],
    ['a file that is not there', () => path('none.tar'), /none\.tar cannot be opened/],
  ])('refuses %s', async (_name, file, message) => {
    const { status, stderr, stdout } = await runCli(['verify', file()]);
    expect(stderr).toMatch(message);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });

  test('takes the fingerprints of keys that are known', async () => {
    await runCli(['analyze', ...files(), '--bundle', path('k.tar')]);
    const key = `sha256:${'0'.repeat(64)}`;
    const stranger = await runCli(['verify', '--key', key, path('k.tar')]);
    expect(stranger.stdout).toContain(`nobody signed with ${key}`);
    expect(stranger.status).toBe(1);
    const wrong = await runCli(['verify', '--key', 'abc', path('k.tar')]);
    expect(wrong.stderr).toMatch(/a fingerprint is sha256:/);
    expect(wrong.status).toBe(2);
  });

  test('names what is wrong, in JSON too, and exits with 1', async () => {
    await runCli(['analyze', ...files(), '--bundle', path('v.tar')]);
    const bytes = readFileSync(path('v.tar'));
    const at = bytes.indexOf('"rst-genuine"');
    bytes.write('"rst-forgerr"', at);
    writeFileSync(path('v.tar'), bytes);
    const { status, stdout } = await runCli(['verify', path('v.tar')]);
    expect(stdout).toMatch(/✗/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /finding F1 \(rst-genuine\): its code is "rst-forgerr" in the report/,
    );
    expect(status).toBe(1);
    const json = await runCli(['verify', path('v.tar'), '-o', 'json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ whole: false, manifest: { madeBy: 'analyze' } });
    expect(json.status).toBe(1);
  });
});

describe('export', () => {
  test('writes what the coordinator sends, and asks for pseudonyms when told', async () => {
    await runCli(['analyze', ...files(), '--bundle', path('sent.tar')]);
    const sent = readFileSync(path('sent.tar'));
    const asked: ExportBundleRequest[] = [];
    const coordinator = new FakeCoordinator();
    await coordinator.start({
      stream: {
        exportBundle: (request: ExportBundleRequest) => {
          asked.push(request);
          return [{ data: sent.subarray(0, 1000) }, { data: sent.subarray(1000) }];
        },
      },
    });
    const env = { BOTHENDS_CONTEXT: coordinator.contextFile() };
    const outputs = ['--bundle', path('got.tar'), '--pcapng', path('got.pcapng'), '--pseudonymise'];
    const { status, stdout } = await runCli(['export', 'c-1', ...outputs], env);
    coordinator.close();
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(asked).toEqual([{ captureId: 'c-1', pseudonymise: true }]);
    expect(readFileSync(path('got.tar')).equals(sent)).toBe(true);
    // The section header's block type (pcapng).
    expect(readFileSync(path('got.pcapng')).readUInt32LE(0)).toBe(0x0a0d0d0a);
  });

  test('leaves no half file behind when the coordinator fails in the middle', async () => {
    const coordinator = new FakeCoordinator();
    await coordinator.start({
      stream: {
        exportBundle: async function* () {
          yield { data: Buffer.alloc(1000) };
          throw new BothendsError('data-loss', 'the database is damaged');
        },
      },
    });
    const env = { BOTHENDS_CONTEXT: coordinator.contextFile() };
    const { status, stderr } = await runCli(['export', 'c-1', '--bundle', path('half.tar')], env);
    coordinator.close();
    expect(stderr).toMatch(/the database is damaged/);
    expect(status).toBe(1);
    expect(existsSync(path('half.tar'))).toBe(false);
    expect(readdirSync(dir).filter((name) => name.includes('.part'))).toEqual([]);
  });

  test('needs to be told what to write', async () => {
    const { status, stderr } = await runCli(['export', 'c-1']);
    expect(stderr).toMatch(/nothing to write/);
    expect(status).toBe(2);
  });
});
