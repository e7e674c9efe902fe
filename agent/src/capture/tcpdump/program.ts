import { execFile } from 'node:child_process';

/** The program, found on PATH. */
export const TCPDUMP = 'tcpdump';

/** Only what is needed to find the program, and messages in the language that is matched on. */
export function programEnvironment(): NodeJS.ProcessEnv {
  const path = process.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin';
  return { PATH: path.includes('sbin') ? path : `${path}:/usr/sbin:/sbin`, LC_ALL: 'C' };
}

export interface ProgramResult {
  /** Exit status; null when it could not be started or was killed. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Code of a failed start: ENOENT, EACCES; ETIMEDOUT when it took too long. */
  readonly failure: string | null;
}

/** Output above this is not worth keeping: the largest compiled filter is far smaller. */
const MAX_OUTPUT = 4 * 1024 * 1024;

/** Runs tcpdump for an answer, not for packets; never through a shell. `timeoutMs` bounds its time. */
export function runTcpdump(args: readonly string[], timeoutMs: number): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const options = {
      env: programEnvironment(),
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      maxBuffer: MAX_OUTPUT,
    } as const;
    execFile(TCPDUMP, args, options, (error, stdout, stderr) => {
      const code = error?.code;
      const status = error === null ? 0 : typeof code === 'number' ? code : null;
      const failure = error?.killed === true ? 'ETIMEDOUT' : typeof code === 'string' ? code : null;
      resolve({ status, stdout, stderr, failure });
    });
  });
}

/** tcpdump's messages without its name in front, one per line. */
export function messagesOf(stderr: string): string[] {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^tcpdump: /, '').trim())
    .filter((line) => line.length > 0);
}
