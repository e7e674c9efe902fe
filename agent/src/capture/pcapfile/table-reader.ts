import { BothendsError, type PacketTable } from '@bothends/proto';
import type { CaptureFileInfo } from './file.js';

/** The tables of a capture file, one after the other. Errors are those of `openCaptureFile` and `CaptureFile`. */
export interface TableReader {
  /** As in `CaptureFile`. */
  readonly bytesRead: number;
  readonly bytesTotal: number;
  /** The next rows with their scan, valid until the next call; null when there are none left. */
  next(): PacketTable | null;
  /** Throws `internal` until `next` has returned null. */
  readonly info: CaptureFileInfo;
  close(): void;
}

export function notYetKnown(): never {
  throw new BothendsError('internal', 'the facts about a capture file are complete only at its end');
}
