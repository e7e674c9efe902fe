import { Worker } from 'node:worker_threads';
import { BothendsError } from '@bothends/proto';
import type { AnswerMessage, CallMessage } from './messages.js';

interface Waiting {
  resolve: (result: unknown) => void;
  reject: (error: BothendsError) => void;
}

/** One worker thread seen from outside: verbs in, promises out. */
export class ThreadClient {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #dead: BothendsError | null = null;

  private constructor(worker: Worker, name: string) {
    this.#worker = worker;
    this.#name = name;
    worker.on('message', (message: AnswerMessage) => this.#answer(message));
    worker.on('error', (error) => this.#fail(`the ${name} failed: ${error.message}`));
    worker.on('exit', () => this.#fail(`the ${name} is closed`));
  }

  /**
   * @param url built module that calls serveCalls
   * @param name for messages, such as `database thread`
   * @throws BothendsError with which the thread refused to open
   */
  static async start(url: URL, name: string, workerData: unknown = null): Promise<ThreadClient> {
    // Flags of this process (such as --eval) are not meant for the thread.
    const worker = new Worker(url, { workerData, execArgv: [] });
    const first = await new Promise<AnswerMessage>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (first.kind === 'refused') {
      await worker.terminate();
      throw new BothendsError(first.code, first.message);
    }
    return new ThreadClient(worker, name);
  }

  /** False once the thread died or was closed. */
  get alive(): boolean {
    return this.#dead === null;
  }

  /** @throws BothendsError of the verb, or `unavailable` when the thread is gone */
  async call(verb: string, input: unknown[]): Promise<unknown> {
    if (this.#dead !== null) throw this.#dead;
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ id, verb, input } satisfies CallMessage);
    });
  }

  /** Lets what was asked before finish, then ends the thread. */
  async close(): Promise<void> {
    if (this.#dead !== null) return;
    await this.call('close', []);
    this.#fail(`the ${this.#name} is closed`);
    await this.#worker.terminate();
  }

  #answer(message: AnswerMessage): void {
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
