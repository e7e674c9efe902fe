import { BothendsError, toBothendsError } from '@bothends/proto';
import type { Io } from './io.js';

/** What the process says to its caller. 10 and 11 only with `--exit-code`. */
export const ExitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  fault: 10,
  inconclusive: 11,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** The command line itself is wrong; `hint` says what would be right. */
export class UsageError extends BothendsError {
  readonly hint: string | null;

  constructor(message: string, hint: string | null = null) {
    super('invalid-argument', message);
    this.name = 'UsageError';
    this.hint = hint;
  }
}

/** Prints `bothends: message` and the hint on stderr; the stack only with BOTHENDS_DEBUG. Returns the exit status. */
export function reportError(thrown: unknown, io: Io): number {
  const error = isNotInstalled(thrown) ? notInstalled(thrown) : toBothendsError(thrown);
  io.stderr.write(`bothends: ${error.message.trimEnd()}\n`);
  if (error instanceof UsageError && error.hint !== null) io.stderr.write(`${error.hint}\n`);
  if (io.env.BOTHENDS_DEBUG) io.stderr.write(`${stackOf(error)}\n`);
  return error instanceof UsageError ? ExitStatus.usage : ExitStatus.failed;
}

/** The Debian package of the agent comes without the coordinator's part. */
function isNotInstalled(thrown: unknown): thrown is Error {
  const { code, message = '' } = thrown as NodeJS.ErrnoException;
  return code === 'ERR_MODULE_NOT_FOUND' && message.includes('@bothends/coordinator');
}

function notInstalled(cause: Error): BothendsError {
  return new BothendsError(
    'failed-precondition',
    'only the agent is installed here, without what this command needs: run it where all of bothends is ' +
      '(deploy/bootstrap.sh coordinator, or files)',
    { cause },
  );
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
