import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { type Counters, countersAfter, isListening, isRoutine, NO_COUNTERS } from './counters.js';
import { openPacketPipe } from './packet-pipe.js';
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
  /** Bytes that wait unread cost nothing for a moment: there is room for milliseconds of full load. */
  readonly roomy: boolean;
  readonly messages: string[] = [];
  /** Resolves when it says that it captures; never when it ends before. */
  readonly listening: Promise<void>;
  /** Resolves when it has ended and everything it said was read. */
  readonly ended: Promise<Ending>;
  counters: Counters = NO_COUNTERS;
  readonly #child: ChildProcess;
  #onCounters: (() => void)[] = [];

  private constructor(child: ChildProcess, stdout: Readable, stderr: Readable, roomy: boolean) {
    this.#child = child;
    this.stdout = stdout;
    this.roomy = roomy;
    let nowListening = () => {};
    this.listening = new Promise((resolve) => {
      nowListening = resolve;
    });
    createInterface({ input: stderr }).on('line', (line) => {
      if (isListening(line)) nowListening();
      this.#read(line);
    });
    this.ended = endOf(child, stdout);
  }

  /** Starts it; whether that works is told by `listening` and `ended`. */
  static async start(args: readonly string[]): Promise<TcpdumpProcess> {
    const pipe = await openPacketPipe();
    const [program, ...all] = mortal([TCPDUMP, ...args]);
    const child = spawn(program, all, {
      env: programEnvironment(),
      stdio: ['ignore', pipe?.writeEnd ?? 'pipe', 'pipe'],
    });
    if (pipe) closeSync(pipe.writeEnd);
    const stdout = pipe?.readEnd ?? child.stdout;
    if (stdout === null || child.stderr === null) throw new Error('a child without the pipes it was given');
    return new TcpdumpProcess(child, stdout, child.stderr, pipe?.large ?? false);
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

/** Resolves when the process is gone and its output was read to the end. */
async function endOf(child: ChildProcess, stdout: Readable): Promise<Ending> {
  const outputEnded = new Promise((resolve) => {
    stdout.once('close', resolve);
    stdout.once('error', resolve);
  });
  const ending = await new Promise<Ending>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: 'not-started', code: error.code ?? error.message });
    });
    child.once('close', (status, signal) => {
      resolve(signal === null ? { kind: 'exit', status: status ?? 0 } : { kind: 'signal', signal });
    });
  });
  if (ending.kind !== 'not-started') await outputEnded;
  return ending;
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
