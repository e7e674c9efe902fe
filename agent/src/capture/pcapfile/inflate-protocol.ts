import type { MessagePort } from 'node:worker_threads';

/** What the inflating thread is started with. */
export interface InflateStart {
  readonly path: string;
  readonly port: MessagePort;
  /** Two counters that both threads see and wait on: messages posted, messages taken. */
  readonly counters: Int32Array;
}

/** Indices of the counters. */
export const POSTED = 0;
export const TAKEN = 1;

/** Bytes of one message, and messages under way: bounds the memory, keeps both threads busy. */
export const CHUNK_BYTES = 256 * 1024;
export const MAX_UNDER_WAY = 8;

export type InflateMessage =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array; readonly compressedBytes: number }
  | { readonly kind: 'end' }
  | { readonly kind: 'error'; readonly message: string };
