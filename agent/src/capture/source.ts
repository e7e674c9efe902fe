import type { ErrorCode, PacketTable } from '@bothends/proto';
import type { NameBook } from '../decode/name-book.js';
import type { RawSink } from './raw-sink.js';

/** Names of the back ends, one per folder. */
export type BackEndName = 'packet-mmap' | 'tcpdump' | 'cap' | 'pcapfile';

/** Who took the time stamps: the kernel on arrival, this process on delivery, or whoever wrote the file. */
export type TimestampSource = 'kernel' | 'user' | 'file';

/** Whether a back end can run here. */
export interface Probe {
  readonly available: boolean;
  /** Why not and what to do; empty when it can. */
  readonly reason: string;
  /** As its library or program states it; empty when unknown. */
  readonly version: string;
  /** Code of the error when it is asked for by name nevertheless; `failed-precondition` when absent. */
  readonly refusal?: ErrorCode;
}

/** What is asked of a back end that opens a capture. */
export interface OpenOptions {
  /** Interface name, or `any`; the path for `pcapfile`. */
  readonly interface: string;
  /** pcap-filter(7) expression, empty for everything; `pcapfile` takes none. */
  readonly filter: string;
  /** Bytes kept of each packet. */
  readonly snaplen: number;
  /** Size of the kernel's ring in bytes. */
  readonly bufferBytes: number;
  /** 16 bytes, the same at all taps of a capture; null for the published key of files. */
  readonly digestKey: Uint8Array | null;
  /** Takes the names in packets in clear; absent or null: nobody does. */
  readonly names?: NameBook | null;
  /** Takes every packet as it was captured; absent or null: nobody does. */
  readonly raw?: RawSink | null;
}

/** What a tap has seen so far. */
export interface TapStats {
  /** Packets handed to the consumer or about to be. */
  readonly packets: number;
  /** Packets the kernel dropped for want of room; null: the back end cannot tell. */
  readonly kernelDrops: number | null;
  /** Packets that the back end itself threw away because the consumer was behind. */
  readonly agentDrops: number;
}

/**
 * One open capture. Iterate it once: it yields tables of rows, at the latest TABLE_AGE_MS after the first of them was
 * captured, and each table is valid until the next is asked for. `baseNs` is the same in all of them. A consumer that
 * is slow makes the tap wait, and the kernel's ring fill. The iteration ends after `close`, and throws BothendsError
 * when the capture ends by itself, after everything captured until then.
 */
export interface Tap extends AsyncIterable<PacketTable> {
  readonly backEnd: BackEndName;
  readonly timestamps: TimestampSource;
  /** Size of the kernel's ring in bytes: as granted where the back end can tell, else as asked for; 0 without one. */
  readonly ringBytes: number;
  /** Counters so far; may ask another process, and then answers within a second. */
  stats(): Promise<TapStats>;
  /** Stops capturing; what was captured is still yielded, so keep iterating. Resolves with the final counters. */
  close(): Promise<TapStats>;
}

/** A way to capture packets. */
export interface CaptureSource {
  readonly name: BackEndName;
  probe(): Promise<Probe>;
  /**
   * Resolves once packets are being captured. Throws BothendsError: `permission-denied` with what to grant,
   * `not-found` with the interfaces that exist, `invalid-argument` for a bad filter, `failed-precondition`.
   */
  open(options: OpenOptions): Promise<Tap>;
}

/** Oldest a captured row may get before its table is yielded: a RST has to reach the coordinator at once. */
export const TABLE_AGE_MS = 50;

/** Headers, options, an inner tunnel and the head of TLS or DNS; a digest of 64 payload bytes fits too. */
export const DEFAULT_SNAPLEN = 192;
/** Holds half a second at a million packets per second of 192 bytes in 256-byte slots, less on `any`. */
export const DEFAULT_BUFFER_BYTES = 64 * 1024 * 1024;
