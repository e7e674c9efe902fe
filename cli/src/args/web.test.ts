import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Front, frontOf, type WebFlags, webOptions } from './web.js';

let dir: string;
const file = (name: string) => join(dir, name);
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'bothends-web-'));
  writeFileSync(file('secret'), '0123456789abcdef0123456789abcdef\n');
  writeFileSync(file('short'), 'password\n');
  writeFileSync(file('pem'), 'PEM');
});
afterAll(() => rmSync(dir, { recursive: true }));

async function parse(...args: string[]): Promise<Front> {
  const command = webOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return await frontOf(command.parse(args, { from: 'user' }).opts<WebFlags>());
}

test('the page is on by default, elsewhere where one says so, and off', async () => {
  expect(await parse()).toEqual({ webAddress: '0.0.0.0:7480', webCredentials: null, webhook: null });
  expect(await parse('--web', '127.0.0.1')).toMatchObject({ webAddress: '127.0.0.1:7480' });
  expect(await parse('--web', '[::1]:443')).toMatchObject({ webAddress: '[::1]:443' });
  expect(await parse('--web', 'off')).toMatchObject({ webAddress: null });
});

test('certificate and secret come from files', async () => {
  expect(await parse('--web-cert', file('pem'), '--web-key', file('pem'))).toMatchObject({
    webCredentials: { certificatePem: 'PEM', keyPem: 'PEM' },
  });
  expect(
    await parse('--webhook', 'https://chat.example/h', '--webhook-secret-file', file('secret')),
  ).toMatchObject({ webhook: { url: 'https://chat.example/h', secret: '0123456789abcdef0123456789abcdef' } });
});

test.each([
  [['--web-cert', 'x'], '--web-cert and --web-key go together'],
  [['--webhook', 'https://chat.example/h'], '--webhook and --webhook-secret-file go together'],
  [['--webhook', 'ftp://chat.example'], 'a webhook is an http or https address'],
  [['--web', 'nonsense:port'], 'an address to listen on is HOST:PORT'],
])('%j is refused in words', async (args, message) => {
  await expect(parse(...args)).rejects.toThrow(message);
});

test('a file that is missing, and a secret that is none, are named', async () => {
  const missing = parse('--web-cert', file('nothing'), '--web-key', file('pem'));
  await expect(missing).rejects.toThrow(`--web-cert ${file('nothing')} cannot be read`);
  const weak = parse('--webhook', 'https://chat.example/h', '--webhook-secret-file', file('short'));
  await expect(weak).rejects.toThrow('too short');
});
