/**
 * Thread that reads and decodes capture files into the tables of rings. Started by reading-thread.ts, and told by
 * a message what to read. One thread for all files: on two cores the other is busy with what the tables are for, and what is
 * compiled for one file serves the next.
 */
import { parentPort } from 'node:worker_threads';
import { toBothendsError } from '@bothends/proto';
import { type CaptureFile, type CaptureFileOptions, openCaptureFile } from './file.js';
import type { ReadLane, ReadOutcome, ReadStart } from './read-protocol.js';
import { RingProducer } from './ring.js';

/** One file on its way into its ring. */
class Lane {
  ended = false;
  readonly #lane: ReadLane;
  readonly #options: CaptureFileOptions;
  readonly #producer: RingProducer;
  #file: CaptureFile | null = null;

  constructor(lane: ReadLane, options: CaptureFileOptions) {
    this.#lane = lane;
    this.#options = options;
    this.#producer = new RingProducer(lane.ring);
  }

  /** Produces a table, the last one empty; false when there is no room for one. */
  step(): boolean {
    const table = this.#producer.free();
    if (table === null) return false;
    try {
      this.#file ??= openCaptureFile(this.#lane.path, this.#options);
      if (!this.#file.next(table)) this.#end({ kind: 'end', info: this.#file.info });
    } catch (thrown) {
      const { code, message } = toBothendsError(thrown);
      table.length = 0;
      this.#end({ kind: 'error', code, message });
    }
    this.#producer.produce(this.#file?.bytesRead ?? 0);
    return true;
  }

  #end(outcome: ReadOutcome): void {
    this.ended = true;
    this.#file?.close();
    this.#lane.port.postMessage(outcome);
  }
}

parentPort?.once('message', ({ lanes: files, options, wake }: ReadStart) => {
  const returned = new Int32Array(wake);
  let lanes = files.map((lane) => new Lane(lane, options));
  while (lanes.length > 0) {
    // Before the rings are looked at: what is given back meanwhile ends the wait at once.
    const seen = Atomics.load(returned, 0);
    const stepped = lanes.map((lane) => lane.step());
    if (!stepped.includes(true)) Atomics.wait(returned, 0, seen);
    lanes = lanes.filter((lane) => !lane.ended);
  }
});
