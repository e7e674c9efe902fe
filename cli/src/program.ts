import { Command } from 'commander';
import type { Register } from './commands/setup.js';
import type { Io } from './io.js';
import { version } from './version.js';

type Loader = () => Promise<{ register: Register }>;

/** Every command, in the order of `--help`. Only the one that is called is loaded, so that each starts fast. */
const COMMANDS: Readonly<Record<string, Loader>> = {
  capture: () => import('./commands/capture.js'),
  captures: () => import('./commands/captures.js'),
  approve: () => import('./commands/approve.js'),
  stop: () => import('./commands/stop.js'),
  delete: () => import('./commands/delete.js'),
  report: () => import('./commands/report.js'),
  flows: () => import('./commands/flows.js'),
  flow: () => import('./commands/flow.js'),
  analyze: () => import('./commands/analyze.js'),
  export: () => import('./commands/export.js'),
  verify: () => import('./commands/verify.js'),
  agents: () => import('./commands/agents.js'),
  'login-link': () => import('./commands/login-link.js'),
  'join-token': () => import('./commands/join-token.js'),
  user: () => import('./commands/user.js'),
  ca: () => import('./commands/ca.js'),
  audit: () => import('./commands/audit.js'),
  policy: () => import('./commands/policy.js'),
  doctor: () => import('./commands/doctor.js'),
  agent: () => import('./commands/agent.js'),
  coordinator: () => import('./commands/coordinator.js'),
  explain: () => import('./commands/explain.js'),
  completion: () => import('./commands/completion.js'),
  man: () => import('./commands/man.js'),
};

/** Commands that describe all others and so need them loaded. */
const DESCRIBING: ReadonlySet<string> = new Set(['completion', 'man', 'help']);

/** The program with the command that `argv` calls, or with all of them where it calls none. */
export async function buildProgram(
  argv: readonly string[],
  io: Io,
  exit: (status: number) => void,
): Promise<Command> {
  const program = rootCommand(io);
  const called = calledCommand(argv);
  const one = called !== null && !DESCRIBING.has(called) ? COMMANDS[called] : undefined;
  for (const load of one ? [one] : Object.values(COMMANDS)) {
    const { register } = await load();
    register({ program, io, exit });
  }
  return program;
}

/** The command that a command line calls: its first argument that is neither an option nor the value of `--context`. */
export function calledCommand(argv: readonly string[]): string | null {
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i] as string;
    if (argument === '--context') i++;
    else if (!argument.startsWith('-')) return Object.hasOwn(COMMANDS, argument) ? argument : null;
  }
  return null;
}

/** Columns of a description below which wrapping it would read worse than a long line. */
const MIN_HELP_WIDTH = 20;

function rootCommand(io: Io): Command {
  return (
    new Command('bothends')
      .description('Proves what a network did to a connection, from captures at both ends.')
      .version(version, '-V, --version', 'print the version')
      .option('--context <file>', 'coordinator and credentials to use (or BOTHENDS_CONTEXT)')
      .helpOption('-h, --help', 'print help')
      .commandsGroup('Help:')
      .addHelpCommand(
        new Command('help').argument('[command]').description('print help of a command').helpGroup('Help:'),
      )
      .exitOverride()
      // Names of options take half of 80 columns; what is left is still wrapped.
      .configureHelp({ showGlobalOptions: true, minWidthToWrap: MIN_HELP_WIDTH })
      .configureOutput({
        writeOut: (text) => io.stdout.write(text),
        writeErr: (text) => io.stderr.write(text),
        // main() prints errors, in one form for all of them.
        outputError: () => {},
        getOutHelpWidth: () => io.stdout.columns || 100,
        getErrHelpWidth: () => io.stderr.columns || 100,
      })
  );
}
