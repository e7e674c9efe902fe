import type { MessagePort } from 'node:worker_threads';
import type { ErrorCode } from '@bothends/proto';
import type { CaptureFileInfo } from './file.js';
import type { RingMemory } from './ring.js';

/** What a reading thread is started with. */
export interface ReadStart {
  readonly path: string;
  readonly port: MessagePort;
  readonly ring: RingMemory;
}

/** The one message of a reading thread, posted before it produces the empty table. */
export type ReadOutcome =
  | { readonly kind: 'end'; readonly info: CaptureFileInfo }
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string };
