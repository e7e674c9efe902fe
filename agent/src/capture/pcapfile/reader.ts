import { MessageChannel, type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { BothendsError, PacketTable, Scan, scanRows, TABLE_CAPACITY } from '@bothends/proto';
import { AheadReader } from './ahead.js';
import { type CaptureFile, type CaptureFileInfo, type CaptureFileOptions, openCaptureFile } from './file.js';
import type { ReadLane, ReadOutcome } from './read-protocol.js';
import { fileSize, mayBeReadAhead, read, THREAD_PAYS_BYTES } from './reading-thread.js';
import { RingConsumer, ringMemory, wakeMemory } from './ring.js';
import { notYetKnown, type TableReader } from './table-reader.js';

export type { TableReader } from './table-reader.js';

/**
 * Opens capture files for reading from their beginning to their end. Where that takes a while, a thread reads and decodes
 * all of them but pipes.
 */
export function readTables(paths: readonly string[], options: CaptureFileOptions = {}): TableReader[] {
  const sizes = paths.map(fileSize);
  const threaded = Math.max(...sizes) >= THREAD_PAYS_BYTES;
  const thread = new ReadingThread(options);
  const readers: TableReader[] = [];
  try {
    for (const [i, path] of paths.entries()) {
      const size = sizes[i] as number;
      if (!threaded || size === 0) readers.push(new DirectReader(openCaptureFile(path, options)));
      else readers.push(readAhead(path, options) ?? thread.add(path, size));
    }
  } catch (thrown) {
    for (const reader of readers) reader.close();
    throw thrown;
  }
  thread.start();
  return readers;
}

/** A reader by a thread of native code; null where the file is not for that, and where it cannot be opened: the other one says why. */
function readAhead(path: string, options: CaptureFileOptions): TableReader | null {
  if (!mayBeReadAhead(path)) return null;
  let file: CaptureFile | null = null;
  try {
    file = openCaptureFile(path, options);
    const reader = AheadReader.of(file);
    if (reader === null) file.close();
    return reader;
  } catch {
    file?.close();
    return null;
  }
}

class DirectReader implements TableReader {
  readonly #file: CaptureFile;
  readonly #table = new PacketTable();
  readonly #scan = new Scan(TABLE_CAPACITY);
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
    this.#table.scan = scanRows(this.#table, this.#scan);
    return this.#ended ? null : this.#table;
  }

  close(): void {
    this.#file.close();
  }
}

/** A thread that reads for some readers; it ends when all of them are closed. */
class ReadingThread {
  readonly #options: CaptureFileOptions;
  readonly #wake = wakeMemory();
  readonly #lanes: ReadLane[] = [];
  #worker: Worker | null = null;
  #open = 0;

  constructor(options: CaptureFileOptions) {
    this.#options = options;
  }

  /** A reader of one more file, before the thread is started. */
  add(path: string, bytesTotal: number): TableReader {
    const ring = ringMemory(this.#wake);
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    this.#lanes.push({ path, port: port2, ring });
    this.#open++;
    return new ThreadReader(new RingConsumer(ring), port1, bytesTotal, () => this.#close());
  }

  start(): void {
    if (this.#lanes.length === 0) return;
    this.#worker = read({ lanes: this.#lanes, options: this.#options, wake: this.#wake });
  }

  #close(): void {
    if (--this.#open === 0) void this.#worker?.terminate();
  }
}

/** Waits for its thread synchronously, so that both kinds of reader are used alike. */
class ThreadReader implements TableReader {
  readonly bytesTotal: number;
  readonly #ring: RingConsumer;
  readonly #port: MessagePort;
  readonly #onClose: () => void;
  #info: CaptureFileInfo | null = null;

  constructor(ring: RingConsumer, port: MessagePort, bytesTotal: number, onClose: () => void) {
    this.#ring = ring;
    this.#port = port;
    this.bytesTotal = bytesTotal;
    this.#onClose = onClose;
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
    this.#onClose();
  }
}
