import { statSync } from 'node:fs';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { BothendsError } from '@bothends/proto';
import type { ByteSource } from './bytes.js';
import { type InflateMessage, type InflateStart, POSTED, TAKEN } from './inflate-protocol.js';
import { threadScript } from './thread-script.js';

/** Far above any disk's answer; a thread that died would otherwise be waited for without end. */
const SILENCE_MS = 60_000;

/**
 * A gzip file's contents. Node inflates streams only asynchronously, so a thread does it, and this end waits for its
 * messages synchronously; inflating and decoding overlap.
 */
export class GzipBytes implements ByteSource {
  bytesRead = 0;
  readonly bytesTotal: number;
  readonly #path: string;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #counters = new Int32Array(new SharedArrayBuffer(8));
  #chunk: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(path: string) {
    this.#path = path;
    this.bytesTotal = statSync(path).size;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: InflateStart = { path, port: port2, counters: this.#counters };
    const script = threadScript('inflate-worker');
    this.#worker = new Worker(script, { workerData, transferList: [port2], stdout: false, stderr: false });
    this.#worker.unref();
    this.#port.unref();
  }

  read(into: Uint8Array, offset: number, length: number): number {
    while (this.#chunk.length === 0 && !this.#ended) this.#take();
    const part = this.#chunk.subarray(0, length);
    into.set(part, offset);
    this.#chunk = this.#chunk.subarray(part.length);
    return part.length;
  }

  close(): void {
    this.#port.close();
    void this.#worker.terminate();
  }

  #take(): void {
    const message = this.#receive();
    Atomics.add(this.#counters, TAKEN, 1);
    Atomics.notify(this.#counters, TAKEN);
    if (message.kind === 'bytes') {
      this.#chunk = message.bytes;
      this.bytesRead = message.compressedBytes;
      return;
    }
    this.#ended = true;
    if (message.kind === 'error') {
      throw new BothendsError('data-loss', `the gzip data is damaged or cut: ${message.message}`);
    }
    this.bytesRead = this.bytesTotal;
  }

  #receive(): InflateMessage {
    for (;;) {
      const posted = Atomics.load(this.#counters, POSTED);
      const received = receiveMessageOnPort(this.#port) as { message: InflateMessage } | undefined;
      if (received !== undefined) return received.message;
      if (Atomics.wait(this.#counters, POSTED, posted, SILENCE_MS) === 'timed-out') {
        throw new BothendsError(
          'internal',
          `inflating ${this.#path} made no progress for ${SILENCE_MS / 1000} s`,
        );
      }
    }
  }
}
