/** Thread that reads and decodes a capture file into the tables of a ring. Started by reader.ts. */
import { workerData } from 'node:worker_threads';
import { toBothendsError } from '@bothends/proto';
import { type CaptureFile, openCaptureFile } from './file.js';
import type { ReadOutcome, ReadStart } from './read-protocol.js';
import { RingProducer } from './ring.js';

const { path, port, ring } = workerData as ReadStart;
const producer = new RingProducer(ring);

/** Produces every table of the file, and last the empty one. */
function readAll(file: CaptureFile): void {
  while (file.next(producer.free())) producer.produce(file.bytesRead);
  end({ kind: 'end', info: file.info }, file.bytesRead);
}

function end(outcome: ReadOutcome, bytesRead: number): void {
  port.postMessage(outcome);
  producer.free().length = 0;
  producer.produce(bytesRead);
}

try {
  const file = openCaptureFile(path);
  try {
    readAll(file);
  } finally {
    file.close();
  }
} catch (thrown) {
  const { code, message } = toBothendsError(thrown);
  end({ kind: 'error', code, message }, 0);
}
