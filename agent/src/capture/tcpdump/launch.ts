import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { OpenOptions } from '../source.js';
import { captureArguments } from './arguments.js';
import { programEnvironment, TCPDUMP } from './program.js';

/** How tcpdump ended. */
export type Ending =
  | { readonly kind: 'exit'; readonly status: number }
  | { readonly kind: 'signal'; readonly signal: string }
  /** It did not start: ENOENT, EACCES, … */
  | { readonly kind: 'not-started'; readonly code: string };

/** A tcpdump that was started, here or by somebody who may start it where this process may not. */
export interface LaunchedTcpdump {
  /** Null where its output goes to the descriptor that it was given. */
  readonly stdout: Readable | null;
  readonly stderr: Readable;
  /** Resolves when it is gone. */
  readonly ended: Promise<Ending>;
  /** False when it is gone already. */
  kill(signal: 'SIGUSR1' | 'SIGINT' | 'SIGKILL'): boolean;
}

/**
 * Starts tcpdump; whether it captures, it says itself.
 * @param output descriptor of a pipe for the packets; `pipe`: one that Node makes
 */
export type Launch = (options: OpenOptions, output: number | 'pipe') => Promise<LaunchedTcpdump>;

/** As a child of this process, with its rights. */
export const launchHere: Launch = async (options, output) => {
  const [program, ...args] = mortal([TCPDUMP, ...captureArguments(options, process.getuid?.() === 0)]);
  const child = spawn(program, args, { env: programEnvironment(), stdio: ['ignore', output, 'pipe'] });
  if (child.stderr === null) throw new Error('a child without the pipe it was given');
  const ended = new Promise<Ending>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: 'not-started', code: error.code ?? error.message });
    });
    child.once('close', (status, signal) => {
      resolve(signal === null ? { kind: 'exit', status: status ?? 0 } : { kind: 'signal', signal });
    });
  });
  return { stdout: child.stdout, stderr: child.stderr, ended, kill: (signal) => child.kill(signal) };
};

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
