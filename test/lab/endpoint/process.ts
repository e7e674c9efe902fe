import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BothendsError } from '@bothends/proto';
import { builtScript } from '../paths.js';
import type { EndpointEvent, EndpointSpec, EventName } from './spec.js';

export interface WaitOptions {
  /** Which event of this name, from 1. Default the first. */
  count?: number;
  /** Default a minute. */
  timeoutMs?: number;
}

/** Longer than a node process takes to start on a machine that stalls, shorter than a test's own limit. */
const DEFAULT_WAIT_MS = 60_000;

/** A running endpoint, as a scenario sees it. */
export class EndpointProcess {
  /** Everything it has said so far. */
  readonly events: EndpointEvent[] = [];
  /** Resolves with its exit status, null when a signal ended it. */
  readonly exited: Promise<number | null>;
  readonly #child: ChildProcess;
  readonly #listeners = new Set<() => void>();
  #stderr = '';
  #over = false;

  private constructor(child: ChildProcess) {
    this.#child = child;
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    this.exited = new Promise((resolve) => {
      child.on('close', (code) => {
        this.#over = true;
        for (const listener of this.#listeners) listener();
        resolve(code);
      });
    });
  }

  static start(spec: EndpointSpec, spawn: (argv: string[]) => ChildProcess): EndpointProcess {
    return new EndpointProcess(
      spawn([process.execPath, builtScript('lab/endpoint/main.js'), JSON.stringify(spec)]),
    );
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Waits for an event, also one that has been already. Throws `unavailable` with all that was said when it does not come. */
  waitFor(
    name: EventName,
    { count = 1, timeoutMs = DEFAULT_WAIT_MS }: WaitOptions = {},
  ): Promise<EndpointEvent> {
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        clearTimeout(timer);
        this.#listeners.delete(check);
        act();
      };
      const fail = (why: string) => {
        settle(() =>
          reject(new BothendsError('unavailable', `endpoint: no "${name}" ${why}; ${this.#account()}`)),
        );
      };
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms`), timeoutMs);
      const check = () => {
        const found = this.events.filter((event) => event.name === name)[count - 1];
        if (found) settle(() => resolve(found));
        else if (this.#over) fail('before it ended');
      };
      this.#listeners.add(check);
      check();
    });
  }

  /** True when it has said so up to now. */
  said(name: EventName): boolean {
    return this.events.some((event) => event.name === name);
  }

  /** Says a word that an `await` step waits for. */
  tell(word: string): void {
    this.#child.stdin?.write(`${word}\n`);
  }

  /** SIGSTOP for a process that hangs, SIGKILL for one that dies. */
  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    await this.exited;
  }

  #take(line: string): void {
    const [name = '', connection = '', ...detail] = line.split(' ');
    this.events.push({ name: name as EventName, connection: Number(connection), detail: detail.join(' ') });
    for (const listener of this.#listeners) listener();
  }

  #account(): string {
    const said = this.events.map(({ name, connection, detail }) => `${name} ${connection} ${detail}`.trim());
    return `it said: ${said.join(', ') || 'nothing'}${this.#stderr && `; stderr: ${this.#stderr.trim()}`}`;
  }
}
