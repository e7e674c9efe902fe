import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSigningKey } from './signing-key.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-sign-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('the key is made once, and only its owner reads it', () => {
  const first = openSigningKey(directory);
  const path = join(directory, 'signing.key');
  const before = readFileSync(path, 'utf8');
  expect(openSigningKey(directory).equals(first)).toBe(true);
  expect(readFileSync(path, 'utf8')).toBe(before);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('a damaged key is not replaced in silence', () => {
  const path = join(directory, 'signing.key');
  writeFileSync(path, 'not a key');
  expect(() => openSigningKey(directory)).toThrow(/signing\.key cannot be used.*restore/);
  expect(readFileSync(path, 'utf8')).toBe('not a key');
});
