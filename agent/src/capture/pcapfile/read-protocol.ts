import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '@bothends/proto';
import type { CaptureFileInfo, CaptureFileOptions } from './file.js';
import type { RingMemory } from './ring.js';

/** A file that a reading thread reads into a ring. */
export interface ReadLane {
  readonly path: string;
  readonly port: MessagePort;
  readonly ring: RingMemory;
}

/** What a reading thread is started with; all rings have the same `wake`. */
export interface ReadStart {
  readonly lanes: readonly ReadLane[];
  readonly options: CaptureFileOptions;
  readonly wake: SharedArrayBuffer;
}

/** The one message about a file, posted before the empty table is produced. */
export type ReadOutcome =
  | { readonly kind: 'end'; readonly info: CaptureFileInfo }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };
