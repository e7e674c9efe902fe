import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Counters, countersAfter, isListening, isRoutine, NO_COUNTERS } from './counters.js';
import { messagesOf, programEnvironment, TCPDUMP } from './program.js';

/** How tcpdump ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It did not start: ENOENT, EACCES, … */
  | { readonly kind: 'not-started'; readonly code: string };

/** Complaints that are kept: the last ones explain an end best. */
const KEPT_MESSAGES = 8;

/** A running tcpdump that writes packets to its stdout, and what it says on stderr. */
export class TcpdumpProcess {
  readonly stdout: Readable;
  readonly messages: string[] = [];
  /** Resolves when it says that it captures; never when it ends before. */
  readonly listening: Promise<void>;
  /** Resolves when it has ended and everything it said was read. */
  readonly ended: Promise<Ending>;
  counters: Counters = NO_COUNTERS;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  #onCounters: (() => void)[] = [];

  constructor(args: readonly string[]) {
    const [program, ...all] = mortal([TCPDUMP, ...args]);
    this.#child = spawn(program, all, { env: programEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
    this.stdout = this.#child.stdout;
    let nowListening = () => {};
    this.listening = new Promise((resolve) => {
      nowListening = resolve;
    });
    createInterface({ input: this.#child.stderr }).on('line', (line) => {
      if (isListening(line)) nowListening();
      this.#read(line);
    });
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error: NodeJS.ErrnoException) => {
        resolve({ kind: 'not-started', code: error.code ?? error.message });
      });
      this.#child.once('close', (status, signal) => {
        resolve(signal === null ? { kind: 'exit', status: status ?? 0 } : { kind: 'signal', signal });
      });
    });
  }

  /** Asks for the counters and waits for the answer, at most `timeoutMs`. */
  async askCounters(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onCounters.push(() => {
        clearTimeout(timer);
        resolve();
      });
      if (!this.#child.kill('SIGUSR1')) this.#answerCounters();
    });
  }

  /** Asks it to finish: it writes out what it has read, states its counters and exits. */
  interrupt(): void {
    this.#child.kill('SIGINT');
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #read(line: string): void {
    this.counters = countersAfter(line, this.counters);
    // The last of the counters in either form.
    if (line.includes('dropped by kernel')) this.#answerCounters();
    if (isRoutine(line)) return;
    this.messages.push(...messagesOf(line));
    if (this.messages.length > KEPT_MESSAGES) this.messages.shift();
  }

  #answerCounters(): void {
    for (const answer of this.#onCounters) answer();
    this.#onCounters = [];
  }
}

const SETPRIV = '/usr/bin/setpriv';

/**
 * The command such that it ends with this process, even when that is killed. Without the wrapper a tcpdump that sees no
 * packets would not notice that nobody reads them any more.
 */
function mortal(command: [string, ...string[]]): [string, ...string[]] {
  return existsSync(SETPRIV) ? [SETPRIV, '--pdeathsig', 'TERM', ...command] : command;
}

/** What an ending means, for an error message. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case 'exit':
      return `exited with status ${ending.status}`;
    case 'signal':
      return `was killed by ${ending.signal}`;
    case 'not-started':
      return `could not be started (${ending.code})`;
  }
}
