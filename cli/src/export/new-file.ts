import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { BothendsError, writeFailure } from '@bothends/proto';

/** Collected before it is written: few system calls, little memory. */
const BUFFER_BYTES = 1024 * 1024;

/** A file that is there as a whole or not at all: what is written appears under its name only with `commit`. */
export class NewFile {
  readonly path: string;
  readonly #temporary: string;
  readonly #fd: number;
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  #open = true;

  /** Evidence is nobody else's to read. Throws BothendsError when the file cannot be made. */
  constructor(path: string) {
    this.path = path;
    this.#temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
    this.#fd = this.#translated(() => openSync(this.#temporary, 'wx', 0o600));
  }

  write(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
    if (this.#bytes >= BUFFER_BYTES) this.#flush();
  }

  /** Puts the file in its place; another of this name is replaced. */
  commit(): void {
    this.#flush();
    this.#translated(() => renameSync(this.#temporary, this.path));
    this.#close();
  }

  /** Leaves nothing behind; without effect after `commit`. */
  discard(): void {
    if (!this.#open) return;
    this.#close();
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#bytes = 0;
    this.#translated(() => {
      for (let at = 0; at < whole.length; ) at += writeSync(this.#fd, whole, at);
    });
  }

  #close(): void {
    this.#open = false;
    closeSync(this.#fd);
  }

  #translated<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      const { code, why } = writeFailure(cause);
      throw new BothendsError(code, `${this.path} cannot be written: ${why}`, { cause });
    }
  }
}

/** Runs `fill` on a new file and commits it; on an error nothing is left behind. */
export async function writeNewFile<T>(path: string, fill: (file: NewFile) => Promise<T> | T): Promise<T> {
  const file = new NewFile(path);
  try {
    const result = await fill(file);
    file.commit();
    return result;
  } finally {
    file.discard();
  }
}
