import { BothendsError, MAX_FILTER_LENGTH } from '@bothends/proto';

/** Refuses a filter that a program could take for an option, or that is absurd. Throws `invalid-argument`. */
export function checkFilterText(filter: string): void {
  if (filter.trimStart().startsWith('-')) {
    throw refused(
      `"${firstWord(filter)}" begins with "-": options go before the filter, and no filter begins with "-"`,
    );
  }
  if (filter.length > MAX_FILTER_LENGTH)
    throw refused(`it has ${filter.length} characters, more than ${MAX_FILTER_LENGTH}`);
  for (const letter of filter) {
    const code = letter.codePointAt(0) ?? 0;
    if (code < 0x20 && letter !== '\t' && letter !== '\n') throw refused('it contains a control character');
  }
}

function firstWord(text: string): string {
  return text.trimStart().split(/\s/, 1)[0] ?? '';
}

function refused(why: string): BothendsError {
  return new BothendsError('invalid-argument', `bad filter: ${why}`);
}
