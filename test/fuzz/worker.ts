/**
 * Runs cases one after the other until one fails or the last is done. It says in shared memory which one it is at, so
 * that the main thread can tell a hang or a death from work, and which case it was.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { makeCase, targetOf } from './cases.js';

/** What a worker is to do: cases `from` up to, not including, `to`. */
export interface WorkerOrder {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
  /** One 32-bit integer: index of the case under way. */
  readonly position: SharedArrayBuffer;
}

/** What it says of a case that failed; it ends without a word when all went well. */
export interface WorkerFailure {
  readonly index: number;
  readonly reason: string;
}

function run({ seed, from, to, position }: WorkerOrder): void {
  const at = new Int32Array(position);
  for (let index = from; index < to; index++) {
    Atomics.store(at, 0, index);
    try {
      targetOf(index).check(makeCase(seed, index));
    } catch (thrown) {
      const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      const failure: WorkerFailure = { index, reason };
      parentPort?.postMessage(failure);
      return;
    }
  }
}

run(workerData as WorkerOrder);
