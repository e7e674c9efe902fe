/** A database thread: owns one SQLite connection and runs one verb at a time. Started by SqliteStore. */
import { workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { type Service, serveCalls } from '../../threads/server.js';
import { lockDirectory, openReader, openWriter } from './database.js';
import { storeError } from './errors.js';
import { verbsOf } from './verbs.js';

/** What the thread is for: one writes, another answers queries beside it. */
export interface WorkerInput {
  dataDir: string;
  mode: 'writer' | 'reader';
}

serveCalls(() => open(workerData as WorkerInput), storeError);

function open({ dataDir, mode }: WorkerInput): Service {
  const connections: Database[] = [];
  const close = () => {
    for (const connection of connections) connection.close();
  };
  try {
    if (mode === 'writer') connections.push(lockDirectory(dataDir));
    const database = mode === 'writer' ? openWriter(dataDir) : openReader(dataDir);
    // Closed before the lock is given up.
    connections.unshift(database);
    const verbs = verbsOf(database);
    return mode === 'writer' ? { verbs, together: inOneCommit(database), close } : { verbs, close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Runs all waiting writes in one transaction, with one flush to disk. A verb that fails takes back its own
 * changes only; where SQLite takes back everything, as on a full disk, nothing after it may run.
 */
function inOneCommit(database: Database): (calls: readonly (() => void)[]) => void {
  const run = database.transaction((calls: readonly (() => void)[]) => {
    for (const call of calls) {
      call();
      if (!database.inTransaction) throw new Error('the transaction was rolled back');
    }
  });
  return (calls) => run.immediate(calls);
}
