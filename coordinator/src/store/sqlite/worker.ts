/** A database thread: owns one SQLite connection and runs one verb at a time. Started by SqliteStore. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from 'better-sqlite3';
import { lockDirectory, openReader, openWriter } from './database.js';
import { storeError } from './errors.js';
import type { WorkerInput, WorkerMessage, WorkerRequest } from './messages.js';
import { verbsOf } from './verbs.js';

const port = parentPort;
if (port === null) throw new Error('store/sqlite/worker is started by SqliteStore, not by hand');

const input = workerData as WorkerInput;
const send = (message: WorkerMessage) => port.postMessage(message);
const connections: Database[] = [];

try {
  if (input.mode === 'writer') connections.push(lockDirectory(input.dataDir));
  const database = input.mode === 'writer' ? openWriter(input.dataDir) : openReader(input.dataDir);
  connections.unshift(database);
  const verbs = verbsOf(database);
  port.on('message', (request: WorkerRequest) => {
    try {
      send({ kind: 'result', id: request.id, result: run(request) });
    } catch (thrown) {
      const { code, message } = storeError(thrown);
      send({ kind: 'error', id: request.id, code, message });
    }
  });
  send({ kind: 'ready' });

  function run(request: WorkerRequest): unknown {
    if (request.verb === 'close') return close();
    const verb = verbs[request.verb] as (...input: unknown[]) => unknown;
    return verb(...request.input);
  }
} catch (thrown) {
  const { code, message } = storeError(thrown);
  close();
  send({ kind: 'refused', code, message });
}

function close(): void {
  for (const connection of connections) connection.close();
  port?.removeAllListeners('message');
  port?.unref();
}
