import type { Batch } from '@bothends/proto/gen/bothends/v1/packet';

interface Waiting {
  batches: readonly Batch[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Puts batches that arrive while a commit runs into the next one: a lone batch is committed at once, and
 * under load many share one transaction and its one flush to disk.
 */
export class GroupCommit {
  readonly #commit: (batches: Batch[]) => Promise<void>;
  #waiting: Waiting[] = [];
  #running: Promise<void> | null = null;

  constructor(commit: (batches: Batch[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** Resolves when the batches are on disk; rejects with what their group's commit, or one before it, rejected with. */
  async add(batches: readonly Batch[]): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ batches, resolve, reject });
    });
    this.#running ??= this.#run();
    await done;
  }

  /** Resolves when nothing waits any more. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      try {
        await this.#commit(group.flatMap(({ batches }) => batches));
        for (const { resolve } of group) resolve();
      } catch (error) {
        // Later batches of the same taps must not get ahead of the failed ones: they fail with them.
        const later = this.#waiting;
        this.#waiting = [];
        for (const { reject } of [...group, ...later]) reject(error);
      }
    }
    this.#running = null;
  }
}
