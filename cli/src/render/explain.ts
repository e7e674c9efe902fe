import { EXPLANATIONS, NOTE_CODES, VERDICT_CODES, type VerdictCode } from '@bothends/proto';
import { padEnd, wrap } from './layout.js';
import type { Style } from './style.js';

/** What is known about a verdict, for an engineer on call. Ends with a newline. */
export function explainText(code: VerdictCode, width: number, style: Style): string {
  const { title, meaning, proof, refutation, action, actionByCause = {} } = EXPLANATIONS[code];
  const lines = [`${style.bold(code)}: ${title}`, '', ...wrap(meaning, width)];
  const section = (name: string, items: readonly string[], mark: string) => {
    lines.push('', style.bold(name), ...items.flatMap((text) => wrap(text, width, `  ${mark} `)));
  };
  section('What proves it', proof, '✓');
  section('What refutes it, and what looks like it', refutation, '✗');
  section('What to do', action, '→');
  const causes = Object.entries(actionByCause);
  if (causes.length > 0) {
    lines.push('', style.bold('What to do, by cause'));
    for (const [cause, text] of causes) lines.push(`  ${style.bold(cause)}`, ...wrap(text, width, '    → '));
  }
  if (NOTE_CODES.has(code))
    lines.push('', ...wrap('A note: it describes the path and is no fault by itself.', width));
  return `${lines.join('\n')}\n`;
}

/** Every code with its title, one per line. */
export function explainList(width: number, style: Style): string {
  const longest = Math.max(...VERDICT_CODES.map((code) => code.length));
  const lines = VERDICT_CODES.flatMap((code) => {
    const [first = '', ...rest] = wrap(EXPLANATIONS[code].title, width, `${padEnd(code, longest)}  `);
    return [first.replace(code, style.bold(code)), ...rest];
  });
  return `${lines.join('\n')}\n`;
}
