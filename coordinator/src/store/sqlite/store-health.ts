import { Worker } from 'node:worker_threads';
import type { Logger } from 'pino';
import type { StructureMessage } from './structure-worker.js';

/** The built worker: `../../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../../dist/store/sqlite/structure-worker.js', import.meta.url);

/**
 * Whether the database is whole; examined once after each start. A damaged one is used as far as it goes, because
 * its owner has an incident to record and sound parts to read. But nobody may mistake it for whole, so it says
 * so.
 */
export class StoreHealth {
  #faults: number | null = null;
  #worker: Worker | null = null;

  /** Complaints about the database; null: not looked at to its end. */
  get faults(): number | null {
    return this.#faults;
  }

  /** Looks at the store in a data directory; says in the log what it finds. */
  examine(dataDir: string, logger: Logger): void {
    // Flags of this process (such as --eval) are not meant for the thread.
    this.#worker = new Worker(WORKER_URL, { workerData: { dataDir }, execArgv: [] });
    this.#worker.on('message', (message: StructureMessage) => this.#note(message, dataDir, logger));
    this.#worker.on('error', (error) => this.#note({ failure: error.message }, dataDir, logger));
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
  }

  #note(message: StructureMessage, dataDir: string, logger: Logger): void {
    if ('failure' in message) {
      logger.warn({ reason: message.failure }, 'the store could not be examined');
      return;
    }
    this.#faults = message.damage.length;
    for (const { where, what } of message.damage) logger.error({ where, what }, 'the store is damaged');
    if (message.damage.length === 0) return;
    logger.error(
      `reports and evidence in this store may be incomplete: "bothends doctor --data ${dataDir}" names what is damaged; ` +
        'export what can be read, then stop the coordinator and restore the folder from a copy',
    );
  }
}
