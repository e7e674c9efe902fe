/** Thread that inflates a gzip file and hands the bytes over in bounded portions. Started by gzip.ts. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { workerData } from 'node:worker_threads';
import { createGunzip } from 'node:zlib';
import {
  CHUNK_BYTES,
  type InflateMessage,
  type InflateStart,
  MAX_UNDER_WAY,
  POSTED,
  TAKEN,
} from './inflate-protocol.js';

const { path, port, counters } = workerData as InflateStart;

/** Blocks this thread until fewer than `limit` messages are under way. */
function awaitTaken(limit: number): void {
  for (;;) {
    const taken = Atomics.load(counters, TAKEN);
    if (Atomics.load(counters, POSTED) - taken < limit) return;
    Atomics.wait(counters, TAKEN, taken);
  }
}

function post(message: InflateMessage): void {
  const transfer = message.kind === 'bytes' ? [message.bytes.buffer as ArrayBuffer] : [];
  port.postMessage(message, transfer);
  Atomics.add(counters, POSTED, 1);
  Atomics.notify(counters, POSTED);
}

async function inflate(): Promise<void> {
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  try {
    await pipeline(
      file,
      createGunzip({ chunkSize: CHUNK_BYTES }),
      async (inflated: AsyncIterable<Buffer>) => {
        for await (const chunk of inflated) {
          awaitTaken(MAX_UNDER_WAY);
          // A copy of its own: the stream may hand out several views of one buffer, which could not be transferred.
          post({ kind: 'bytes', bytes: new Uint8Array(chunk), compressedBytes: file.bytesRead });
        }
      },
    );
    post({ kind: 'end' });
  } catch (thrown) {
    post({ kind: 'error', message: thrown instanceof Error ? thrown.message : String(thrown) });
  }
  // Messages that were not taken would be lost with this thread.
  awaitTaken(1);
}

void inflate();
