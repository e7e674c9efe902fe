import { parseArgs } from 'node:util';
import { BothendsError } from '@bothends/proto';
import { KINDS } from './kinds/index.js';
import type { Kind } from './kinds/kind.js';

export interface TruthArguments {
  readonly runs: number;
  /** Seed of the first run; the others count up from it. */
  readonly seed: number;
  readonly kinds: readonly Kind[];
  /** Folder to leave the captures and their truth in, null for none. */
  readonly write: string | null;
}

const DEFAULT_RUNS = 1_000;

/** Reads `--runs N --seed S --only KIND --write DIR`. Throws `invalid-argument`. */
export function parseTruthArguments(argv: readonly string[]): TruthArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', multiple: true },
      write: { type: 'string' },
    },
  });
  return {
    runs: wholeNumber('--runs', values.runs, DEFAULT_RUNS),
    seed: wholeNumber('--seed', values.seed, 1),
    kinds: values.only ? values.only.flatMap(kindsNamed) : KINDS,
    write: values.write ?? null,
  };
}

function wholeNumber(option: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  throw new BothendsError('invalid-argument', `${option} takes a whole number, not "${text}"`);
}

/** Kinds whose names begin with the text. */
function kindsNamed(text: string): readonly Kind[] {
  const found = KINDS.filter((kind) => kind.name.startsWith(text));
  if (found.length > 0) return found;
  const names = KINDS.map((kind) => kind.name).join(', ');
  throw new BothendsError('invalid-argument', `no kind begins with "${text}"; there are: ${names}`);
}
