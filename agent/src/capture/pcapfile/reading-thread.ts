import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { aheadAddon } from './ahead-addon.js';
import type { ReadStart } from './read-protocol.js';
import { threadScript } from './thread-script.js';

/** A thread takes some 50 ms to start, in which this much is read and decoded without one. */
export const THREAD_PAYS_BYTES = 5 * 1024 * 1024;

const GZIP_MAGIC = [0x1f, 0x8b];

/** A thread that was started before it was known what to read. */
let early: Worker | null = null;

/**
 * Starts a thread if any of these names a file that takes one to read. For who will call `readTables` once everything else is
 * loaded: the thread loads meanwhile. This module loads next to nothing, so that it can come first.
 */
export function expectFiles(words: readonly string[]): void {
  if (words.some((word) => fileSize(word) >= THREAD_PAYS_BYTES && !mayBeReadAhead(word))) early ??= start();
}

/** Whether native code reads a file's bytes as they are (`ahead.ts`), by what is known before it is opened. */
export function mayBeReadAhead(path: string): boolean {
  return aheadAddon() !== null && !isCompressed(path);
}

function isCompressed(path: string): boolean {
  const magic = new Uint8Array(GZIP_MAGIC.length);
  try {
    const file = openSync(path, 'r');
    try {
      readSync(file, magic, 0, magic.length, 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return false;
  }
  return GZIP_MAGIC.every((byte, i) => magic[i] === byte);
}

/** Has a thread read these files. It keeps no process alive, and ends with them or with `terminate`. */
export function read(files: ReadStart): Worker {
  const worker = early ?? start();
  early = null;
  worker.postMessage(
    files,
    files.lanes.map(({ port }) => port),
  );
  return worker;
}

function start(): Worker {
  // Without the options of Node that this process has: some are for a first script only, and end a thread at its start.
  const worker = new Worker(threadScript('read-worker'), { execArgv: [], stdout: false, stderr: false });
  worker.unref();
  return worker;
}

/** Bytes of a regular file; 0 for anything else: a pipe does not tell its size, and opening says what is wrong. */
export function fileSize(path: string): number {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}
