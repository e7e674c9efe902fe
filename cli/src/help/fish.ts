import type { CommandHelp, OptionHelp, ProgramHelp } from './describe.js';

/** Completion script for fish. */
export function fishCompletion({ name, options, commands }: ProgramHelp): string {
  const base = `complete -c ${name}`;
  const lines = [
    `# fish completion of ${name}: ${name} completion fish | source`,
    `${base} -f`,
    ...options.map((o) => `${base} ${optionWords(o)}`),
    ...commands.map((c) => `${base} -n __fish_use_subcommand -a ${c.name} -d ${quote(c.summary)}`),
    ...commands.flatMap((c) => commandLines(base, c)),
  ];
  return `${lines.join('\n')}\n`;
}

function commandLines(base: string, command: CommandHelp): string[] {
  const here = `${base} -n '__fish_seen_subcommand_from ${command.name}'`;
  const lines = command.options.map((o) => `${here} ${optionWords(o)}`);
  if (command.words.length > 0) lines.push(`${here} -a ${quote(command.words.join(' '))}`);
  if (command.files) lines.push(`${here} -F`);
  return lines;
}

function optionWords(option: OptionHelp): string {
  const words: string[] = [];
  if (option.short) words.push(`-s ${option.short.slice(1)}`);
  if (option.long) words.push(`-l ${option.long.slice(2)}`);
  if (option.choices.length > 0) words.push(`-x -a ${quote(option.choices.join(' '))}`);
  else if (option.takesValue) words.push(option.takesPath ? '-r -F' : '-x');
  return [...words, `-d ${quote(option.text)}`].join(' ');
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
