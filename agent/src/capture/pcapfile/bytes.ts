import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { BothendsError, readFailure } from '@bothends/proto';

/** Bytes of a file, one after the other, on demand and synchronously. */
export interface ByteSource {
  /** Fills up to `length` bytes of `into` from `offset`; 0 at the end. Throws BothendsError when reading fails. */
  read(into: Uint8Array, offset: number, length: number): number;
  /** Bytes of the file consumed so far, as it lies on disk. */
  readonly bytesRead: number;
  /** Size of the file on disk; 0 for a pipe. */
  readonly bytesTotal: number;
  close(): void;
}

/** The file as it is. */
export class PlainBytes implements ByteSource {
  bytesRead = 0;
  readonly bytesTotal: number;
  /** Descriptor, for who reads the same bytes at places of their own; null for a pipe. */
  readonly file: number | null;
  readonly #path: string;
  readonly #fd: number;

  constructor(path: string) {
    this.#path = path;
    this.#fd = onFile(path, () => openSync(path, 'r'));
    const stat = fstatSync(this.#fd);
    if (stat.isDirectory()) {
      this.close();
      throw new BothendsError('invalid-argument', `${path}: is a directory; name the capture file in it`);
    }
    this.bytesTotal = stat.size;
    this.file = stat.isFile() ? this.#fd : null;
  }

  /** Goes on at a byte offset of what is not a pipe. */
  seek(offset: number): void {
    this.bytesRead = offset;
  }

  read(into: Uint8Array, offset: number, length: number): number {
    const at = this.file === null ? null : this.bytesRead;
    const read = onFile(this.#path, () => readSync(this.#fd, into, offset, length, at));
    this.bytesRead += read;
    return read;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function onFile<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (thrown) {
    const { code, why } = readFailure(thrown);
    throw new BothendsError(code, `${path}: ${why}`, { cause: thrown });
  }
}
