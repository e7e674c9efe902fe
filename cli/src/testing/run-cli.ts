import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ENTRY = fileURLToPath(new URL('../../bin/bothends.js', import.meta.url));

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command as its users run it: a process of its own, from the built package. */
export class CliProcess {
  stdout = '';
  stderr = '';
  readonly #child;
  readonly #done: Promise<CliResult>;

  /** @param input what it reads from its standard input, null for nothing */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    input: string | null = null,
  ) {
    // No user's context or terminal settings leak into a test.
    const clean = { PATH: process.env.PATH ?? '', HOME: '/nonexistent', ...env };
    this.#child = spawn(process.execPath, [ENTRY, ...args], {
      env: clean,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.#child.stdin.end(input);
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.#done = new Promise((resolve, reject) => {
      this.#child.on('error', reject);
      this.#child.on('close', (status) => resolve({ status, stdout: this.stdout, stderr: this.stderr }));
    });
  }

  get done(): Promise<CliResult> {
    return this.#done;
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when stderr holds the text; rejects when the process ends without it. */
  async stderrHas(text: string): Promise<void> {
    while (!this.stderr.includes(text)) {
      const ended = await Promise.race([
        this.#done.then(() => true),
        new Promise<false>((resolve) => this.#child.stderr.once('data', () => resolve(false))),
      ]);
      if (ended && !this.stderr.includes(text)) {
        throw new Error(`the process ended without saying "${text}":\n${this.stderr}`);
      }
    }
  }
}

export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input: string | null = null,
): Promise<CliResult> {
  return new CliProcess(args, env, input).done;
}

/** The parts of `echo TOKEN | bothends agent OPTIONS`, as a coordinator prints it. */
export function partsOfJoinLine(line: string): { token: string; options: string[] } {
  const [, token = '', options = ''] = /^echo (\S+) \| bothends agent (.+)$/.exec(line.trim()) ?? [];
  return { token, options: options.split(' ') };
}
