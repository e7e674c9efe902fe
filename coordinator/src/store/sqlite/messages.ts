import type { ErrorCode } from '@bothends/proto';
import type { SyncVerbs } from './verbs.js';

/** What a database thread is for: one writes, another answers queries beside it. */
export interface WorkerInput {
  dataDir: string;
  mode: 'writer' | 'reader';
}

export type Verb = keyof SyncVerbs;

/** From the store to a database thread. */
export type WorkerRequest = { id: number; verb: Verb; input: unknown[] } | { id: number; verb: 'close' };

/** Back: first `ready` or `refused`, then one answer for each request. */
export type WorkerMessage =
  | { kind: 'ready' }
  | { kind: 'refused'; code: ErrorCode; message: string }
  | { kind: 'result'; id: number; result: unknown }
  | { kind: 'error'; id: number; code: ErrorCode; message: string };
