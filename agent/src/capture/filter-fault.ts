/** Finds the place where a filter stops making sense; libpcap says only that it does. */

/** Whether an expression compiles. */
export type Compile = (text: string) => Promise<boolean>;

/** Words, operators of two letters, single signs. */
const TOKEN = /[\w.:/-]+|&&|\|\||<<|>>|[<>!=]=|\S/g;

/** What may follow the beginning of a good expression so that it becomes a whole one. */
const COMPLETIONS: readonly string[] = [
  '',
  ' ip',
  ' 1',
  ' 1.2.3.4',
  ' host 1.2.3.4',
  ' port 1',
  ' 1-2',
  ' 10.0.0.0/8',
  ' 00:00:00:00:00:01',
  ' != 0',
  ' 1 != 0',
  ' & 1 != 0',
  '0] = 0',
  '] = 0',
];

/**
 * Offset of the first token that no good expression can go on with, `text.length` when only the end is missing, or
 * null when it cannot be told. `message` is the compiler's; a token that it quotes is taken at its word.
 */
export async function findFault(text: string, message: string, compiles: Compile): Promise<number | null> {
  const quoted = quotedOffset(text, message);
  if (quoted !== null) return quoted;
  const tokens = [...text.matchAll(TOKEN)];
  const endOf = (index: number) => {
    const token = tokens[index];
    return token === undefined ? 0 : token.index + token[0].length;
  };
  // A beginning of a viable beginning is viable: bisect.
  let viable = -1;
  let failing = tokens.length;
  while (failing - viable > 1) {
    const middle = (viable + failing) >> 1;
    if (await isViable(text.slice(0, endOf(middle)), compiles)) viable = middle;
    else failing = middle;
  }
  if (failing === tokens.length) return text.length;
  return tokens[failing]?.index ?? null;
}

async function isViable(beginning: string, compiles: Compile): Promise<boolean> {
  const open = [...beginning].reduce((depth, c) => depth + (c === '(' ? 1 : c === ')' ? -1 : 0), 0);
  const closing = ')'.repeat(Math.max(0, open));
  for (const completion of COMPLETIONS) {
    if (await compiles(`${beginning}${completion}${closing}`)) return true;
  }
  return false;
}

/** Where the text has the token that the message quotes. */
function quotedOffset(text: string, message: string): number | null {
  const match = /'([^']+)'|"([^"]+)"/.exec(message);
  const token = match?.[1] ?? match?.[2];
  const offset = token === undefined ? -1 : text.indexOf(token);
  return offset < 0 ? null : offset;
}

/** The text, and a caret under the fault. */
export function pointAt(text: string, fault: number | null): string {
  const line = `  ${text.replace(/\s/g, ' ')}`;
  return fault === null ? line : `${line}\n  ${' '.repeat(fault)}^`;
}
