import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { BothendsError } from '@bothends/proto';
import type { LabHost } from '../lab/host.js';

/** Control-C, as a keyboard sends it: the terminal makes it a SIGINT of whatever runs in front. */
const CONTROL_C = '\u0003';
/** 128 and the number of SIGINT. */
const INTERRUPTED = 130;
/** Several processes start, npm among them, on a loaded machine. */
const PATIENCE_MS = 120_000;

export interface TerminalOptions {
  /** What the host is called: hostname(1) says so to all that runs there. */
  hostname: string;
  /** What the host has as /var/lib, where programs of root keep what is theirs. */
  state: string;
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Columns; 0: not told, as of a terminal that does not know. */
  columns?: number;
}

/** A person at a terminal of a virtual host, who types one command line. */
export class Terminal {
  /** All that was shown, line ends and emphasis as on the screen. */
  screen = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.screen += text;
      });
    }
  }

  static type(on: LabHost, line: string, options: TerminalOptions): Terminal {
    const { hostname, state, cwd, env, columns = 0 } = options;
    const host = `hostname ${hostname} && mount --bind ${state} /var/lib`;
    // Node has no pseudo-terminal to give; script(1) has.
    const screen = `stty cols ${columns} && ${line}`;
    const argv = [
      'unshare',
      '--uts',
      '--mount',
      'sh',
      '-c',
      `${host} && exec script -qefc "$0" /dev/null`,
      screen,
    ];
    return new Terminal(on.spawn(argv, { cwd, env }));
  }

  /** The first match of what is shown. @throws BothendsError `unavailable` with the screen when it does not come */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    for (;;) {
      const match = pattern.exec(this.screen);
      if (match) return match;
      if (this.#child.exitCode !== null || patience.aborted)
        throw new BothendsError(
          'unavailable',
          `terminal: no ${pattern} (exit ${this.#child.exitCode}) in:\n${this.screen}`,
        );
      const more = once(this.#child.stdout ?? this.#child, 'data', { signal: patience });
      // Only the patience ends this wait by an error, and the loop sees it.
      await Promise.race([more, this.#ended]).catch(() => undefined);
    }
  }

  /** Presses Ctrl-C and waits for the end of the command; returns the screen. */
  async interrupt(): Promise<string> {
    this.#child.stdin?.write(CONTROL_C);
    // What a shell, or npx, makes of a key that it got too.
    return await this.#end([0, INTERRUPTED]);
  }

  /**
   * Waits for the end of the command; returns the screen.
   * @throws BothendsError `failed-precondition` with the screen when it failed
   */
  async done(): Promise<string> {
    return await this.#end([0]);
  }

  async #end(accepted: readonly number[]): Promise<string> {
    await this.#ended;
    const status = this.#child.exitCode ?? -1;
    if (accepted.includes(status)) return this.screen;
    throw new BothendsError('failed-precondition', `terminal: exit ${status} after:\n${this.screen}`);
  }
}
