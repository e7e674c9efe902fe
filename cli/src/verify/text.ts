import type { Check, Manifest, Verification } from '@bothends/coordinator/bundle';
import { printable, wrap } from '../render/layout.js';
import type { Style } from '../render/style.js';

/** Problems of one check told before the rest is only counted. */
const PROBLEMS_SHOWN = 20;

/** A verification for a terminal or a ticket. Ends with a newline. */
export function verificationText(
  file: string,
  { manifest, checks, whole }: Verification,
  { width, style }: { width: number; style: Style },
): string {
  const verdict = whole
    ? style.bold(style.green(`${file} is whole.`))
    : style.bold(style.red(`${file} is NOT as it was made.`));
  const lines = [
    verdict,
    ...(manifest ? aboutLines(manifest, width) : []),
    '',
    ...checks.flatMap((check) => checkLines(check, width, style)),
    ...(manifest ? noteLines(manifest, width) : []),
  ];
  return `${lines.join('\n')}\n`;
}

function aboutLines({ capture, madeAt, madeBy, bothends, engine }: Manifest, width: number): string[] {
  const which = capture.name === '' ? capture.id : `${capture.id} (${capture.name})`;
  const text = `Capture ${which}; bundle made ${madeAt} by ${madeBy}, bothends ${bothends}, engine ${engine}.`;
  return wrap(printable(text), width);
}

function checkLines({ says, problems }: Check, width: number, style: Style): string[] {
  if (problems.length === 0) return marked(style.green('✓'), says, width);
  const rest = problems.length - PROBLEMS_SHOWN;
  return [
    ...marked(style.red('✗'), `not so: ${says}`, width),
    ...problems.slice(0, PROBLEMS_SHOWN).flatMap((problem) => wrap(printable(problem), width, '    - ')),
    ...(rest > 0 ? [`    and ${rest} more: use -o json for all of them`] : []),
  ];
}

/** The mark may be coloured, so that its width is not that of its text. */
function marked(mark: string, text: string, width: number): string[] {
  const [first = '', ...others] = wrap(printable(text), width, '  ');
  return [`${mark} ${first.trimStart()}`, ...others];
}

function noteLines({ notes }: Manifest, width: number): string[] {
  return notes.length === 0 ? [] : ['', ...notes.flatMap((note) => wrap(printable(note), width))];
}
