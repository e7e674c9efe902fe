import { CommanderError } from 'commander';
import { ExitStatus, reportError, UsageError } from './errors.js';
import type { Io } from './io.js';
import { buildProgram } from './program.js';

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
    if (error instanceof CommanderError) return commanderStatus(error, io);
    return reportError(error, io);
  }
}

/** Help and version are no errors; everything else that commander throws is wrong usage. */
function commanderStatus(error: CommanderError, io: Io): number {
  if (error.exitCode === 0) return ExitStatus.done;
  if (error.code === 'commander.help') return ExitStatus.usage;
  const message = error.message.replace(/^error: /, '');
  const hint =
    error.code === 'commander.unknownOption'
      ? "A filter or a name cannot begin with '-'. `--help` lists the options."
      : '`bothends --help` lists the commands, `bothends COMMAND --help` their options.';
  return reportError(new UsageError(message, hint), io);
}
