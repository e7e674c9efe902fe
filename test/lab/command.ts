import { spawn } from 'node:child_process';
import { BothendsError } from '@bothends/proto';

export interface CommandResult {
  /** Exit status; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** Text for its standard input. */
  input?: string;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** The command is killed after this long. Default three minutes: only one that hangs takes as long. */
  timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 180_000;

/** Runs a program to its end, without a shell. Throws `not-found` when it cannot be started. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const [file = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: options.env ?? process.env,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (cause) => {
      reject(new BothendsError('not-found', `lab: cannot run ${file}: ${cause.message}`, { cause }));
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
    // A program that ends without reading its input is no error of ours.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** Like `runCommand`, but anything other than success throws `failed-precondition` with what the program said. */
export async function checkCommand(argv: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await runCommand(argv, options);
  if (code === 0) return stdout;
  const said = stderr.trim() || stdout.trim() || 'it said nothing';
  throw new BothendsError(
    'failed-precondition',
    `lab: ${argv.join(' ')}: ${signal ?? `exit ${code}`}: ${said}`,
  );
}
