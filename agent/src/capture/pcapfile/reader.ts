import { statSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { BothendsError, PacketTable } from '@bothends/proto';
import { type CaptureFile, type CaptureFileInfo, openCaptureFile } from './file.js';
import type { ReadOutcome, ReadStart } from './read-protocol.js';
import { RingConsumer, ringMemory } from './ring.js';
import { threadScript } from './thread-script.js';

/** A thread takes some 50 ms to start, in which this much is read and decoded without one. */
const THREAD_PAYS_BYTES = 5 * 1024 * 1024;

/** The tables of a capture file, one after the other. Errors are those of `openCaptureFile` and `CaptureFile`. */
export interface TableReader {
  /** As in `CaptureFile`. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** The next rows, valid until the next call; null when there are none left. */
  next(): PacketTable | null;
  /** Throws `internal` until `next` has returned null. */
  readonly info: CaptureFileInfo;
  close(): void;
}

/** Opens a capture file for reading from its beginning to its end; a large one is read and decoded on a thread of its own. */
export function readTables(path: string): TableReader {
  const size = fileSize(path);
  return size >= THREAD_PAYS_BYTES ? new ThreadReader(path, size) : new DirectReader(openCaptureFile(path));
}

/** Bytes of a regular file; 0 for anything else: a pipe does not tell its size, and opening says what is wrong. */
function fileSize(path: string): number {
  try {
    const stat = statSync(path);
    return stat.isFile() ? stat.size : 0;
  } catch {
    return 0;
  }
}

class DirectReader implements TableReader {
  readonly #file: CaptureFile;
  readonly #table = new PacketTable();
  #ended = false;

  constructor(file: CaptureFile) {
    this.#file = file;
  }

  get bytesRead(): number {
    return this.#file.bytesRead;
  }

  get bytesTotal(): number {
    return this.#file.bytesTotal;
  }

  get info(): CaptureFileInfo {
    return this.#ended ? this.#file.info : notYetKnown();
  }

  next(): PacketTable | null {
    this.#ended = !this.#file.next(this.#table);
    return this.#ended ? null : this.#table;
  }

  close(): void {
    this.#file.close();
  }
}

/** Waits for its thread synchronously, so that both kinds of reader are used alike. */
class ThreadReader implements TableReader {
  readonly bytesTotal: number;
  readonly #ring: RingConsumer;
  readonly #port: MessagePort;
  readonly #worker: Worker;
  #info: CaptureFileInfo | null = null;

  constructor(path: string, bytesTotal: number) {
    this.bytesTotal = bytesTotal;
    const ring = ringMemory();
    this.#ring = new RingConsumer(ring);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ReadStart = { path, port: port2, ring };
    const script = threadScript('read-worker');
    this.#worker = new Worker(script, { workerData, transferList: [port2], stdout: false, stderr: false });
    this.#worker.unref();
    this.#port.unref();
  }

  get bytesRead(): number {
    return this.#ring.bytesRead;
  }

  get info(): CaptureFileInfo {
    return this.#info ?? notYetKnown();
  }

  next(): PacketTable | null {
    if (this.#info !== null) return null;
    const table = this.#ring.next();
    if (table.length > 0) return table;
    const received = receiveMessageOnPort(this.#port) as { message: ReadOutcome } | undefined;
    if (received === undefined)
      throw new BothendsError('internal', 'the reading thread ended without a word');
    const { message } = received;
    if (message.kind === 'error') throw new BothendsError(message.code, message.message);
    this.#info = message.info;
    return null;
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }
}

function notYetKnown(): never {
  throw new BothendsError('internal', 'the facts about a capture file are complete only at its end');
}
