import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { OpenOptions } from '../source.js';
import { type Counters, countersAfter, isListening, isRoutine, NO_COUNTERS } from './counters.js';
import type { Ending, Launch, LaunchedTcpdump } from './launch.js';
import { openPacketPipe } from './packet-pipe.js';
import { messagesOf } from './program.js';

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
  readonly #program: LaunchedTcpdump;
  #onCounters: (() => void)[] = [];

  private constructor(program: LaunchedTcpdump, stdout: Readable, roomy: boolean) {
    this.#program = program;
    this.stdout = stdout;
    this.roomy = roomy;
    let nowListening = () => {};
    this.listening = new Promise((resolve) => {
      nowListening = resolve;
    });
    createInterface({ input: program.stderr }).on('line', (line) => {
      if (isListening(line)) nowListening();
      this.#read(line);
    });
    this.ended = endOf(program, stdout);
  }

  /** Starts it; whether that works is told by `listening` and `ended`. */
  static async start(launch: Launch, options: OpenOptions): Promise<TcpdumpProcess> {
    const pipe = await openPacketPipe();
    try {
      const program = await launch(options, pipe?.writeEnd ?? 'pipe');
      const stdout = pipe?.readEnd ?? program.stdout;
      if (stdout === null) throw new Error('a program without the pipe it was given');
      return new TcpdumpProcess(program, stdout, pipe?.large ?? false);
    } catch (error) {
      pipe?.readEnd.destroy();
      throw error;
    } finally {
      if (pipe) closeSync(pipe.writeEnd);
    }
  }

  /** Asks for the counters and waits for the answer, at most `timeoutMs`. */
  async askCounters(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onCounters.push(() => {
        clearTimeout(timer);
        resolve();
      });
      if (!this.#program.kill('SIGUSR1')) this.#answerCounters();
    });
  }

  /** Asks it to finish: it writes out what it has read, states its counters and exits. */
  interrupt(): void {
    this.#program.kill('SIGINT');
  }

  kill(): void {
    this.#program.kill('SIGKILL');
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
async function endOf(program: LaunchedTcpdump, stdout: Readable): Promise<Ending> {
  const outputEnded = new Promise((resolve) => {
    stdout.once('close', resolve);
    stdout.once('error', resolve);
  });
  const ending = await program.ended;
  if (ending.kind !== 'not-started') await outputEnded;
  return ending;
}
