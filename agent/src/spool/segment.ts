import {
  closeSync,
  fdatasync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  unlinkSync,
  writevSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  decodeRecord,
  encodeHeader,
  HEADER_BYTES,
  type Payload,
  payloadLength,
  type RecordInfo,
  recordLength,
  type SpoolRecord,
} from './record.js';

const datasync = promisify(fdatasync);

/** Sums of the records of a segment. */
export interface SegmentSummary {
  readonly firstSequence: number;
  lastSequence: number;
  packets: number;
  firstNs: bigint;
  lastNs: bigint;
}

const EXTENSION = '.seg';
/** Digits of the first sequence number in a file's name, so that names sort as numbers do. */
const NAME_DIGITS = 12;

/** True for the name of a segment file. */
export function isSegmentName(name: string): boolean {
  return new RegExp(`^\\d{${NAME_DIGITS}}\\${EXTENSION}$`).test(name);
}

/** One append-only file of records with consecutive sequence numbers. Never empty. */
export class Segment {
  readonly path: string;
  readonly summary: SegmentSummary;
  /** Length of the whole records. */
  bytes: number;
  readonly #fd: number;
  #dirty = false;
  #closed = false;

  private constructor(path: string, fd: number, summary: SegmentSummary, bytes: number) {
    this.path = path;
    this.#fd = fd;
    this.summary = summary;
    this.bytes = bytes;
  }

  /** A new file with its first record. Throws the system's error, leaving no file, when it cannot be written. */
  static create(directory: string, info: RecordInfo, payload: Payload): Segment {
    const path = join(directory, String(info.sequence).padStart(NAME_DIGITS, '0') + EXTENSION);
    const fd = openSync(path, 'w+', 0o600);
    const segment = new Segment(path, fd, summaryOf(info), 0);
    try {
      segment.#write(info, payload);
    } catch (error) {
      segment.delete();
      throw error;
    }
    return segment;
  }

  /** The file at `path` after a crash: cut behind its last whole record; null, and deleted, when it has none. */
  static recover(path: string): Segment | null {
    const bytes = readFileSync(path);
    let record = decodeRecord(bytes, 0);
    if (record === null) {
      unlinkSync(path);
      return null;
    }
    const summary = summaryOf(record);
    let end = record.end;
    for (;;) {
      record = decodeRecord(bytes, end);
      if (record === null || record.sequence !== summary.lastSequence + 1) break;
      extend(summary, record);
      end = record.end;
    }
    const fd = openSync(path, 'r+');
    if (end < bytes.length) ftruncateSync(fd, end);
    return new Segment(path, fd, summary, end);
  }

  /**
   * Adds a record and returns its length in bytes.
   * Throws the system's error (disk full), leaving the segment as it was.
   */
  append(info: RecordInfo, payload: Payload): number {
    const before = this.bytes;
    this.#write(info, payload);
    extend(this.summary, info);
    return this.bytes - before;
  }

  #write(info: RecordInfo, payload: Payload): void {
    const wanted = HEADER_BYTES + payloadLength(payload);
    try {
      const written = writevSync(this.#fd, [encodeHeader(info, payload), ...payload], this.bytes);
      if (written < wanted) throw new Error(`wrote ${written} of ${wanted} bytes to ${this.path}`);
    } catch (error) {
      ftruncateSync(this.#fd, this.bytes);
      throw error;
    }
    this.bytes += wanted;
    this.#dirty = true;
  }

  /** The record at `offset`; null at the end, or where the file was damaged since. */
  read(offset: number): SpoolRecord | null {
    if (offset >= this.bytes) return null;
    const header = Buffer.alloc(HEADER_BYTES);
    readSync(this.#fd, header, 0, HEADER_BYTES, offset);
    const length = recordLength(header);
    if (length === 0 || offset + length > this.bytes) return null;
    const bytes = Buffer.alloc(length);
    readSync(this.#fd, bytes, 0, length, offset);
    const record = decodeRecord(bytes, 0);
    return record && { ...record, end: offset + length };
  }

  /** Sums of the records after `sequence`, of all where that cannot be read. */
  summaryAfter(sequence: number): SegmentSummary {
    let offset = 0;
    let record = this.read(offset);
    while (record !== null && record.sequence <= sequence) {
      offset = record.end;
      record = this.read(offset);
    }
    if (record === null) return this.summary;
    const rest = summaryOf(record);
    for (;;) {
      record = this.read(record.end);
      if (record === null) break;
      extend(rest, record);
    }
    return rest.lastSequence === this.summary.lastSequence ? rest : this.summary;
  }

  /** Puts what was appended on the disk itself. */
  async sync(): Promise<void> {
    if (!this.#dirty || this.#closed) return;
    this.#dirty = false;
    try {
      await datasync(this.#fd);
    } catch (error) {
      // Deleted meanwhile, because it was committed: nothing is left to protect.
      if (!this.#closed) throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#fd);
  }

  delete(): void {
    this.close();
    unlinkSync(this.path);
  }
}

function summaryOf({ sequence, packets, firstNs, lastNs }: RecordInfo): SegmentSummary {
  return { firstSequence: sequence, lastSequence: sequence, packets, firstNs, lastNs };
}

function extend(summary: SegmentSummary, info: RecordInfo): void {
  summary.lastSequence = info.sequence;
  summary.packets += info.packets;
  if (info.firstNs < summary.firstNs) summary.firstNs = info.firstNs;
  if (info.lastNs > summary.lastNs) summary.lastNs = info.lastNs;
}
