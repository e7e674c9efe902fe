import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BothendsError } from '@bothends/proto';

/** From the command to both taps recording: half a second on a LAN, much more on a machine that stalls. */
const RECORDING_TIMEOUT_MS = 60_000;

/** What a finished `bothends capture` left. */
export interface CaptureOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A running `bothends capture`, as the user at its terminal sees it. */
export class CaptureProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #stdout = '';
  #stderr = '';
  /** Sees all output as it comes. */
  readonly #echo: (text: string) => void;

  constructor(child: ChildProcess, echo: (text: string) => void = () => undefined) {
    this.#child = child;
    this.#echo = echo;
    this.#ended = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#echo(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#echo(text);
    });
  }

  /** Resolves when both taps record. Throws `unavailable` with what the command said when that does not happen. */
  async recording(): Promise<void> {
    await this.says(/ recording: /, RECORDING_TIMEOUT_MS);
  }

  /** Resolves when it has written something that matches to standard error. */
  async says(pattern: RegExp, timeoutMs: number): Promise<void> {
    const timeout = AbortSignal.timeout(timeoutMs);
    while (!pattern.test(this.#stderr)) {
      const over = this.#child.exitCode !== null || timeout.aborted;
      if (over)
        throw new BothendsError('unavailable', `capture: did not say ${pattern}: ${this.#stderr.trim()}`);
      await Promise.race([
        once(this.#child.stderr ?? this.#child, 'data', { signal: timeout }),
        this.#ended,
      ]).catch(
        // Only the timeout ends this wait by an error, and the loop sees it.
        () => undefined,
      );
    }
  }

  /** Ctrl-C, then the report. */
  async stop(): Promise<CaptureOutcome> {
    this.#child.kill('SIGINT');
    return this.outcome();
  }

  /** Waits until it ends by itself. */
  async outcome(): Promise<CaptureOutcome> {
    await this.#ended;
    return { code: this.#child.exitCode, stdout: this.#stdout, stderr: this.#stderr };
  }
}
