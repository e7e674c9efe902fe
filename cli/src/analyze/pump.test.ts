import type { CaptureFile } from '@bothends/agent';
import type { EngineLike } from '@bothends/coordinator';
import { NS_PER_S, type PacketTable } from '@bothends/proto';
import { expect, test } from 'vitest';
import { pump } from './pump.js';

const HOUR_NS = 3_600_000_000_000n;

/** A file of one table per second from `fromNs`, `perTable` packets in each. */
function fakeFile(fromNs: bigint, seconds: number, perTable = 1): CaptureFile {
  let read = 0;
  return {
    info: { path: 'f', interfaces: [], snaplen: 0, openedNs: null, closedNs: null, kernelDrops: null },
    get bytesRead() {
      return read;
    },
    bytesTotal: seconds,
    next(table: PacketTable) {
      table.baseNs = fromNs;
      table.length = read < seconds ? perTable : 0;
      table.time.fill(read * NS_PER_S);
      read = Math.min(seconds, read + 1);
      return table.length > 0;
    },
    close() {},
  } as unknown as CaptureFile;
}

/** Which tap was pushed, in order; a capital where it was finished. */
function record(first: CaptureFile, second: CaptureFile): string {
  let order = '';
  let taps = 0;
  const engine = {
    addTap: () => taps++,
    push: (tap: number) => {
      order += 'ab'[tap];
    },
    cover: () => {},
    finish: (tap: number) => {
      order += 'AB'[tap];
    },
  } as unknown as EngineLike;
  const amounts: number[] = [];
  pump(
    engine,
    [
      { file: first, name: 'a' },
      { file: second, name: 'b' },
    ],
    ({ packets }) => amounts.push(packets),
  );
  expect(amounts).toEqual([...amounts].sort((x, y) => x - y));
  return order;
}

test('files of the same time are read in step, whatever their sizes', () => {
  expect(record(fakeFile(HOUR_NS, 3, 1), fakeFile(HOUR_NS + 1n, 3, 4000))).toBe('ababaAbB');
});

test('one that began later joins when the other gets there', () => {
  expect(record(fakeFile(HOUR_NS + 3_000_000_001n, 2), fakeFile(HOUR_NS, 5))).toBe('bbbbabBaA');
});

test('clocks hours apart do not make one file wait for the other', () => {
  expect(record(fakeFile(HOUR_NS * 9n, 3), fakeFile(HOUR_NS, 3))).toBe('ababaAbB');
});

test('a file without packets ends at once and is covered all the same', () => {
  expect(record(fakeFile(HOUR_NS, 0), fakeFile(HOUR_NS, 2))).toBe('AbbB');
});
