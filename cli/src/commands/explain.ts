import { EXPLANATIONS, nearestNames, VERDICT_CODES, type VerdictCode } from '@bothends/proto';
import { Argument } from 'commander';
import { UsageError } from '../errors.js';
import { explainList, explainText } from '../render/explain.js';
import { styleFor, textWidth } from '../render/style.js';
import { alternatives } from '../render/words.js';
import type { Setup } from './setup.js';

/** `bothends explain CODE`: what a verdict means, what proves it, what refutes it, what to do. */
export function register({ program, io }: Setup): void {
  const command = program
    .command('explain')

    .summary('what a verdict means and what to do about it')
    .description('Explains a verdict: what it means, what proves it, what looks like it, and what to do.')
    .addArgument(
      // The choices feed help and completion; a wrong code is answered with the nearest ones instead.
      new Argument('[code]', 'verdict code').choices(VERDICT_CODES).argParser((text: string) => text),
    )
    .option('--list', 'list all codes');
  command.action((code: string | undefined, flags: { list?: boolean }) => {
    const width = textWidth(io.stdout);
    const style = styleFor(io.stdout, io.env);
    if (flags.list) io.stdout.write(explainList(width, style));
    else io.stdout.write(explainText(verdictCode(code), width, style));
  });
}

function verdictCode(text: string | undefined): VerdictCode {
  if (text === undefined) {
    throw new UsageError('explain takes a verdict code', '`bothends explain --list` lists them.');
  }
  if (Object.hasOwn(EXPLANATIONS, text)) return text as VerdictCode;
  const near = nearestNames(text, VERDICT_CODES);
  const suggestion = near.length > 0 ? `Did you mean ${alternatives(near)}? ` : '';
  throw new UsageError(`no verdict "${text}"`, `${suggestion}\`bothends explain --list\` lists all codes.`);
}
