import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { BothendsError, folderError } from '@bothends/proto';
import { Ca } from './ca.js';
import { writePrivateFile } from './private-file.js';

/** The authorities as they are kept; `incoming` is to take the place of `present`. */
export interface KeptCas {
  present: Ca;
  incoming: Ca | null;
}

/**
 * The folder `ca` of a data directory. `ca.key` and `ca.crt` are the authority; while it is replaced `new.key` and
 * `new.crt` are the one that comes. A key is always written or moved before its certificate, so that each state in
 * which a crash may leave the folder has one meaning: a new.key alone was never used, a new.crt alone has its key in
 * place already.
 */
export class CaFiles {
  readonly #folder: string;

  constructor(dataDir: string) {
    this.#folder = join(dataDir, 'ca');
  }

  /**
   * The authorities of the folder; one is made on first start.
   * @throws BothendsError `failed-precondition` when only half of one is there or it cannot be read
   */
  async open(nowMs: number): Promise<KeptCas> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    await this.#finishReplacing();
    const present = await this.#read('ca');
    if (present !== null) return { present, incoming: await this.#read('new') };
    const made = await Ca.create(nowMs);
    await this.#write('ca', made);
    return { present: made, incoming: null };
  }

  async keepIncoming(ca: Ca): Promise<void> {
    await this.#write('new', ca);
  }

  /** The one that comes takes the place of the one before, whose key is gone for good. */
  async replace(): Promise<void> {
    try {
      await rename(this.#path('new.key'), this.#path('ca.key'));
      await rename(this.#path('new.crt'), this.#path('ca.crt'));
    } catch (error) {
      throw folderError(this.#folder, error);
    }
  }

  async #finishReplacing(): Promise<void> {
    const [key, certificate] = await Promise.all([this.#text('new.key'), this.#text('new.crt')]);
    if (key === null && certificate !== null) await rename(this.#path('new.crt'), this.#path('ca.crt'));
  }

  async #read(kind: 'ca' | 'new'): Promise<Ca | null> {
    const [certificatePem, keyPem] = await Promise.all([
      this.#text(`${kind}.crt`),
      this.#text(`${kind}.key`),
    ]);
    if (certificatePem === null) return null;
    if (keyPem === null) {
      throw new BothendsError(
        'failed-precondition',
        `${this.#path(`${kind}.key`)} is missing, so the CA of this fleet cannot sign: restore the file, or start ` +
          'with a new --data',
      );
    }
    try {
      return await Ca.read({ certificatePem, keyPem });
    } catch (cause) {
      throw new BothendsError(
        'failed-precondition',
        `the CA in ${this.#folder} cannot be read: restore ${kind}.crt and ${kind}.key, or start with a new --data`,
        { cause },
      );
    }
  }

  async #write(kind: 'ca' | 'new', ca: Ca): Promise<void> {
    await writePrivateFile(this.#path(`${kind}.key`), await ca.keyPem());
    await writePrivateFile(this.#path(`${kind}.crt`), ca.pem);
  }

  /** Content of a file, null when there is none. */
  async #text(name: string): Promise<string | null> {
    const path = this.#path(name);
    try {
      return await readFile(path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new BothendsError('failed-precondition', `${path} cannot be read: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}
