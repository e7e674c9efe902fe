import { closeSync, cpSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkCommand, runCommand } from '../lab/command.js';

/** What tmpfs gives out at a time. */
const PAGE_BYTES = 4096;

/** A file system of its own over a folder, so that it can be filled. What was in the folder moves into it. */
export class SmallDisk implements AsyncDisposable {
  readonly #folder: string;
  readonly #filler: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#filler = join(folder, 'filler');
  }

  /** @param size as tmpfs takes it: `256k`, `8m` */
  static async mount(folder: string, size: string): Promise<SmallDisk> {
    mkdirSync(folder, { recursive: true });
    const aside = mkdtempSync(join(tmpdir(), 'bothends-disk-'));
    try {
      cpSync(folder, aside, { recursive: true });
      await checkCommand(['mount', '-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', folder]);
      cpSync(aside, folder, { recursive: true });
    } finally {
      rmSync(aside, { recursive: true });
    }
    return new SmallDisk(folder);
  }

  /** Takes all the space that is left, page by page: others write there too. */
  fill(): void {
    const page = Buffer.alloc(PAGE_BYTES);
    const file = openSync(this.#filler, 'w');
    try {
      while (writeSync(file, page) === PAGE_BYTES);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Gives it back. */
  free(): void {
    rmSync(this.#filler, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: a process that still runs there must not keep a test from ending.
    await runCommand(['umount', '-l', this.#folder]);
  }
}
