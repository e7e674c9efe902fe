import { wrap } from '../render/layout.js';
import type { CommandHelp, OptionHelp, ProgramHelp } from './describe.js';

/** The manual page in roff (man macros), from the same source as `--help`. */
export function manualPage(program: ProgramHelp): string {
  const groups = [...new Set(program.commands.map((c) => c.group))];
  return `${[
    `.TH ${program.name.toUpperCase()} 1 ${program.released} "${program.name} ${program.version}" "User Commands"`,
    '.SH NAME',
    roff(`${program.name} - ${program.description.replace(/\.$/, '')}`),
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

/** Source lines end before this: roff readers say so of longer ones. */
const SOURCE_WIDTH = 80;

/** Text whose characters keep no meaning in roff, in lines of a length that roff likes. */
function roff(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/[^\n -~]/gu, (character) => `\\[u${codePoint(character)}]`);
  const lines = wrap(escaped, SOURCE_WIDTH);
  return lines.map((line) => line.replace(/^[.']/, '\\&$&')).join('\n');
}

/** As groff_char(7) names a character that has no name: at least four capital hex digits. */
function codePoint(character: string): string {
  return (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
}
