import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TAR_END, tarEntry } from './tar.js';
import { TarFile } from './tar-file.js';

let directory: string;
let path: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bothends-tar-'));
  path = join(directory, 'a.tar');
});
afterEach(() => rmSync(directory, { recursive: true }));

const MTIME = 1_767_225_600;
const small = tarEntry('small.txt', Buffer.from('hello'), MTIME);
const exact = tarEntry('folder/exact.bin', Buffer.alloc(512, 7), MTIME);
const empty = tarEntry('empty', new Uint8Array(0), MTIME);

function write(...parts: Uint8Array[]): void {
  writeFileSync(path, Buffer.concat(parts));
}

test('the tar of the system unpacks it', () => {
  write(small, exact, empty, TAR_END);
  execFileSync('tar', ['-xf', path, '-C', directory]);
  expect(readFileSync(join(directory, 'small.txt'), 'utf8')).toBe('hello');
  expect(readFileSync(join(directory, 'folder/exact.bin'))).toEqual(Buffer.alloc(512, 7));
  expect(readFileSync(join(directory, 'empty'))).toHaveLength(0);
});

test('members are found again, in order', () => {
  write(small, exact, empty, TAR_END);
  const tar = TarFile.open(path);
  expect(tar.damage).toEqual([]);
  expect(tar.members.map((member) => member.path)).toEqual(['small.txt', 'folder/exact.bin', 'empty']);
  expect(tar.members.map((member) => tar.read(member).length)).toEqual([5, 512, 0]);
  tar.close();
});

test('a flipped bit in a header, the padding or the end is damage', () => {
  const whole = Buffer.concat([small, TAR_END]);
  const places = { header: 0, checksum: 155, padding: 512 + 5, end: 1024, last: whole.length - 1 };
  for (const [name, at] of Object.entries(places)) {
    const damaged = Buffer.from(whole);
    damaged[at] = (damaged[at] as number) ^ 1;
    // A second member, so that a damaged first header leaves something to open.
    write(exact, damaged);
    const tar = TarFile.open(path);
    expect(tar.damage.length, name).toBeGreaterThan(0);
    tar.close();
  }
});

test('a file that was cut says within what', () => {
  write(small, exact.subarray(0, 700));
  const tar = TarFile.open(path);
  expect(tar.damage.join()).toMatch(/ends within folder\/exact\.bin/);
  expect(tar.members).toHaveLength(1);
  tar.close();
});

test('what is no tar is refused, and so is what is not there', () => {
  write(Buffer.from('not a tar at all'));
  expect(() => TarFile.open(path)).toThrow(/a\.tar is no evidence bundle/);
  expect(() => TarFile.open(join(directory, 'none'))).toThrow(/none cannot be opened/);
  // A whole block of something else.
  write(Buffer.alloc(4096, 0x55));
  expect(() => TarFile.open(path)).toThrow(/no evidence bundle/);
});
