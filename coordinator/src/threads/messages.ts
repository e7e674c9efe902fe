import type { ErrorCode } from '@bothends/proto';

/** To a worker thread: one call of one of its verbs. */
export interface CallMessage {
  id: number;
  verb: string;
  input: unknown[];
}

/** Back: first `ready` or `refused`, then one answer for each call. */
export type AnswerMessage =
  | { kind: 'ready' }
  | { kind: 'refused'; code: ErrorCode; message: string }
  | { kind: 'result'; id: number; result: unknown }
  | { kind: 'error'; id: number; code: ErrorCode; message: string };
