import type { Command, Option } from 'commander';
import { released } from '../version.js';

/** One option as help, completion and manual page need it. */
export interface OptionHelp {
  readonly flags: string;
  readonly short: string | null;
  readonly long: string | null;
  readonly text: string;
  readonly takesValue: boolean;
  /** Its value is the path of a file or folder. */
  readonly takesPath: boolean;
  readonly choices: readonly string[];
}

export interface CommandHelp {
  readonly name: string;
  readonly usage: string;
  readonly group: string;
  readonly summary: string;
  readonly description: string;
  readonly options: readonly OptionHelp[];
  /** Words that its first argument may be, where they are known. */
  readonly words: readonly string[];
  /** Some argument is the path of a file. */
  readonly files: boolean;
}

export interface ProgramHelp {
  readonly name: string;
  readonly version: string;
  /** Day of that version, as 2026-01-31. */
  readonly released: string;
  readonly description: string;
  readonly options: readonly OptionHelp[];
  readonly commands: readonly CommandHelp[];
}

/** The whole command line as plain data, read off the program that also prints `--help`. */
export function describe(program: Command): ProgramHelp {
  return {
    name: program.name(),
    version: program.version() ?? '',
    released,
    description: program.description(),
    options: program.createHelp().visibleOptions(program).map(optionHelp),
    commands: program.commands.map(commandHelp),
  };
}

function commandHelp(command: Command): CommandHelp {
  const first = command.registeredArguments[0];
  return {
    name: command.name(),
    usage: command.usage(),
    group: command.helpGroup().replace(/:$/, ''),
    summary: command.summary(),
    description: command.description(),
    options: command.createHelp().visibleOptions(command).map(optionHelp),
    words: first?.argChoices ?? [],
    files: command.registeredArguments.some((argument) => /(\bfile|pcap)$/.test(argument.name())),
  };
}

function optionHelp(option: Option): OptionHelp {
  return {
    flags: option.flags,
    short: option.short ?? null,
    long: option.long ?? null,
    text: option.description,
    takesValue: option.required || option.optional,
    takesPath: /<(file|dir)>/.test(option.flags),
    choices: option.argChoices ?? [],
  };
}
