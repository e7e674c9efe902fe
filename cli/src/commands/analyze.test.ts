import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFile, serverFile } from '../testing/capture-files.js';
import { runCli } from '../testing/run-cli.js';

let dir: string;
const path = (name: string) => join(dir, name);
const write = (name: string, bytes: Uint8Array | string) => {
  writeFileSync(path(name), bytes);
  return path(name);
};

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-analyze-'));
  write('client.pcap', clientFile());
  write('server.pcap', serverFile());
});
afterAll(() => rmSync(dir, { recursive: true }));

const analyze = (...args: string[]) => runCli(['analyze', ...args]);

describe('two files of a refused connection', () => {
  test('the report says who refused and goes to stdout alone', async () => {
    const { status, stdout, stderr } = await analyze(path('client.pcap'), path('server.pcap'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('rst-genuine');
    expect(stdout).toContain('no-listener');
  });

  test('--exit-code says that a fault was found', async () => {
    const files = [path('client.pcap'), path('server.pcap')];
    const { status, stdout } = await analyze('--exit-code', '-o', 'json', '--name', 'refusal', ...files);
    expect(status).toBe(10);
    expect(JSON.parse(stdout)).toMatchObject({ schema: 'bothends.report.v1', capture: { name: 'refusal' } });
  });

  test('the order of the files changes nothing but the names of the taps', async () => {
    const straight = JSON.parse(
      (await analyze('-o', 'json', path('client.pcap'), path('server.pcap'))).stdout,
    );
    const swapped = JSON.parse(
      (await analyze('-o', 'json', path('server.pcap'), path('client.pcap'))).stdout,
    );
    expect(swapped.headline).toBe(straight.headline);
    expect(swapped.flows).toEqual(straight.flows);
  });

  test('--flow draws one flow', async () => {
    const files = [path('client.pcap'), path('server.pcap')];
    const [flow] = JSON.parse((await analyze('-o', 'json', ...files)).stdout).flows;
    const { stdout, status } = await analyze('--flow', flow.id, ...files);
    expect(status).toBe(0);
    expect(stdout).toMatch(/\[S\].*▶/);
    expect(stdout).toMatch(/◀.*\[R\.\]/);
  });

  test('a flow that is not there is named', async () => {
    const { stderr, status } = await analyze('--flow', 'f99', path('client.pcap'), path('server.pcap'));
    expect(status).toBe(1);
    expect(stderr).toContain('f99');
  });
});

describe('files that cannot be analysed', () => {
  test.each([
    ['missing', () => path('nowhere.pcap'), 'there is no such file'],
    ['empty', () => write('empty.pcap', ''), 'is empty'],
    [
      'foreign',
      () => write('photo.pcap', '\u0089PNG\r\n\u001a\n and more bytes than a header'),
      'photo.pcap',
    ],
    ['a folder', () => dir, 'is a directory'],
  ])('%s: says which and why, in one line', async (_kind, file, message) => {
    const { status, stdout, stderr } = await analyze(path('client.pcap'), file());
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  test('the same file twice, behind a link too', async () => {
    symlinkSync(path('client.pcap'), path('link.pcap'));
    const { status, stderr } = await analyze(path('client.pcap'), path('link.pcap'));
    expect(status).toBe(2);
    expect(stderr).toContain('both files are');
  });

  test('a truncated one is read as far as it goes, with a warning', async () => {
    const cut = write('cut.pcap', serverFile().subarray(0, -7));
    const { status, stdout, stderr } = await analyze(path('client.pcap'), cut);
    expect(status).toBe(0);
    expect(stderr).toMatch(/^bothends: warning: .*cut\.pcap ends in the middle of a packet/);
    expect(stdout).not.toBe('');
  });

  test('a flow is not drawn as HTML', async () => {
    const { status, stderr } = await analyze(
      '--flow',
      'f1',
      '-o',
      'html',
      path('client.pcap'),
      path('server.pcap'),
    );
    expect(status).toBe(2);
    expect(stderr).toContain('-o takes text or json');
  });
});
