import type { CommandHelp, OptionHelp, ProgramHelp } from './describe.js';

/** The manual page in roff (man macros), from the same source as `--help`. */
export function manualPage(program: ProgramHelp): string {
  const groups = [...new Set(program.commands.map((c) => c.group))];
  return `${[
    `.TH ${program.name.toUpperCase()} 1 "" "${program.name} ${program.version}" "User Commands"`,
    '.SH NAME',
    `${program.name} \\- ${roff(program.description.replace(/\.$/, ''))}`,
    '.SH SYNOPSIS',
    `.B ${program.name}`,
    '[\\-\\-context \\fIFILE\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]',
    '.SH DESCRIPTION',
    paragraphs(DESCRIPTION),
    '.SH OPTIONS',
    ...program.options.map(option),
    ...groups.flatMap((group) => [
      `.SH ${roff(group.toUpperCase())}`,
      ...program.commands.filter((c) => c.group === group).map((c) => command(program.name, c)),
    ]),
    '.SH EXIT STATUS',
    ...EXIT_STATUS.map(([status, text]) => `.TP\n.B ${status}\n${roff(text)}`),
    '.SH ENVIRONMENT',
    ...ENVIRONMENT.map(([variable, text]) => `.TP\n.B ${variable}\n${roff(text)}`),
    '.SH FILES',
    '.TP\n.I ~/.config/bothends/context.json',
    'Address of the coordinator and the certificate of its user.',
    '.SH SEE ALSO',
    '.BR pcap\\-filter (7),\n.BR tcpdump (8)',
  ].join('\n')}\n`;
}

const DESCRIPTION = [
  'Captures the same traffic at both ends of a path at the same time, matches every packet across the two taps, and ' +
    'says, with a grade of certainty and the evidence for it, what happened between them.',
  'Data goes to standard output, progress and errors to standard error. Filters are pcap-filter(7) expressions, last ' +
    'on the line, quoted or not. Times are UTC.',
];

const EXIT_STATUS = [
  ['0', 'Done.'],
  ['1', 'Failed.'],
  ['2', 'Wrong usage.'],
  ['10', 'With --exit-code: a fault was found.'],
  ['11', 'With --exit-code: the evidence does not decide.'],
  ['130', 'Interrupted twice.'],
] as const;

const ENVIRONMENT = [
  ['BOTHENDS_CONTEXT', 'Context file, where --context is not given.'],
  ['BOTHENDS_DEBUG', 'When set, errors are followed by their stack.'],
  ['NO_COLOR', 'When set, no colour.'],
  ['XDG_CONFIG_HOME', 'Where the folder of the default context file is.'],
] as const;

function command(program: string, help: CommandHelp): string {
  return [
    `.SS ${program} ${roff(help.name)} ${roff(help.usage)}`,
    roff(help.description),
    ...help.options.filter((o) => o.long !== '--help').map(option),
  ].join('\n');
}

function option({ flags, text, choices }: OptionHelp): string {
  const values = choices.length > 0 ? ` (${choices.join(', ')})` : '';
  return `.TP\n.B ${roff(flags)}\n${roff(text)}${roff(values)}`;
}

function paragraphs(texts: readonly string[]): string {
  return texts.map(roff).join('\n.PP\n');
}

/** Text whose characters keep no meaning in roff. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('’', '\\(cq')
    .replace(/^([.'])/gm, '\\&$1');
}
