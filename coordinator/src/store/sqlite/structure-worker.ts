/** A thread that looks at the structure of the database once, beside those that use it. Started by StoreHealth. */
import { parentPort, workerData } from 'node:worker_threads';
import { openReader } from './database.js';
import { storeError } from './errors.js';
import { type Damage, structuralDamage } from './structure.js';

/** What it says: the damage that it found, or why it could not look. */
export type StructureMessage = { damage: readonly Damage[] } | { failure: string };

parentPort?.postMessage(look((workerData as { dataDir: string }).dataDir));

function look(dataDir: string): StructureMessage {
  try {
    const database = openReader(dataDir);
    try {
      return { damage: structuralDamage(database, 'quick_check') };
    } finally {
      database.close();
    }
  } catch (thrown) {
    return { failure: storeError(thrown).message };
  }
}
