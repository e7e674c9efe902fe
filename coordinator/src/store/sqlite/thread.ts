import { Worker } from 'node:worker_threads';
import { BothendsError } from '@bothends/proto';
import type { Verb, WorkerInput, WorkerMessage, WorkerRequest } from './messages.js';

/** The built worker: `../../../dist` is the same folder seen from `src` (tests) and from `dist`. */
const WORKER_URL = new URL('../../../dist/store/sqlite/worker.js', import.meta.url);

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: BothendsError) => void;
}

/** One database thread seen from outside: verbs in, promises out. */
export class DatabaseThread {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #dead: BothendsError | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: WorkerMessage) => this.#answer(message));
    worker.on('error', (error) => this.#fail(`the database thread failed: ${error.message}`));
    worker.on('exit', () => this.#fail('the store is closed'));
  }

  /** @throws BothendsError when the directory is taken, or the database cannot be opened or is too new */
  static async start(input: WorkerInput): Promise<DatabaseThread> {
    // Flags of this process (such as --eval) are not meant for the thread.
    const worker = new Worker(WORKER_URL, { workerData: input, execArgv: [] });
    const first = await new Promise<WorkerMessage>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (first.kind === 'refused') throw new BothendsError(first.code, first.message);
    return new DatabaseThread(worker);
  }

  async call(verb: Verb | 'close', input: unknown[]): Promise<unknown> {
    if (this.#dead !== null) throw this.#dead;
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const request: WorkerRequest = verb === 'close' ? { id, verb } : { id, verb, input };
      this.#worker.postMessage(request);
    });
  }

  /** Lets what was asked before finish, then ends the thread. */
  async close(): Promise<void> {
    if (this.#dead !== null) return;
    await this.call('close', []);
    await this.#worker.terminate();
  }

  #answer(message: WorkerMessage): void {
    if (message.kind !== 'result' && message.kind !== 'error') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.kind === 'result') waiting?.resolve(message.result);
    else waiting?.reject(new BothendsError(message.code, message.message));
  }

  #fail(reason: string): void {
    this.#dead ??= new BothendsError('unavailable', reason);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
  }
}
