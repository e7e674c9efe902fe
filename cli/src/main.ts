import { CommanderError } from 'commander';
import { ExitStatus, reportError, UsageError } from './errors.js';
import type { Io } from './io.js';
import { buildProgram, calledCommand } from './program.js';

export { processIo } from './io.js';

/** Runs one command line (without `node` and the script). Resolves to the exit status; never throws. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  let status: number = ExitStatus.done;
  try {
    const program = await buildProgram(argv, io, (s) => {
      status = s;
    });
    await program.parseAsync([...argv], { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return commanderStatus(error, calledCommand(argv), io);
    return reportError(error, io);
  }
}

/** Help and version are no errors; everything else that commander throws is wrong usage. */
function commanderStatus(error: CommanderError, command: string | null, io: Io): number {
  if (error.exitCode === 0) return ExitStatus.done;
  if (error.code === 'commander.help') return ExitStatus.usage;
  const message = inOneSentence(error.message);
  const help =
    command === null
      ? '`bothends --help` lists the commands.'
      : `\`bothends ${command} --help\` lists its arguments and options.`;
  const isOption = command !== null && error.code === 'commander.unknownOption';
  const hint = isOption ? `A filter or a name cannot begin with '-'. ${help}` : help;
  return reportError(new UsageError(message, hint), io);
}

/** Commander's message as all others are: one sentence, without a full stop. */
function inOneSentence(message: string): string {
  return message
    .replace(/^error: /, '')
    .replace('. Allowed choices are ', ': allowed choices are ')
    .replace(' is invalid. ', ' is invalid: ')
    .replace(/\.$/, '');
}
