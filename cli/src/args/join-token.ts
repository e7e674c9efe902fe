import { readFileSync } from 'node:fs';
import { BothendsError, readFailure } from '@bothends/proto';
import type { Command } from 'commander';
import { Option } from 'commander';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';

/** Where a service finds its token, in the manner of a container's secret. */
export const TOKEN_VARIABLE = 'BOTHENDS_JOIN_TOKEN';
/** `--token-file` of this name is standard input. */
const STANDARD_INPUT = '-';
/** A token has 44 characters; what is longer than this is another file. */
const MAX_TOKEN_CHARACTERS = 256;

export interface TokenFlags {
  token?: string;
  tokenFile?: string;
}

/** Where a join token is. It is read only when it is needed: who has joined may have lost it long since. */
export type TokenSource =
  | { readonly from: 'argument'; readonly token: string }
  | { readonly from: 'environment'; readonly token: string }
  | { readonly from: 'file'; readonly path: string }
  | { readonly from: 'input' };

/** Adds the options that say where the join token is. */
export function tokenOptions(command: Command): Command {
  return command
    .option(
      '--token-file <file>',
      `one-time join token in a file, - for standard input (or ${TOKEN_VARIABLE})`,
    )
    .addOption(new Option('--token <token>', 'the token itself, in sight of every user of this host'));
}

/** Null where nothing says where a token is. @throws UsageError when two options do */
export function tokenSource({ token, tokenFile }: TokenFlags, { env }: Io): TokenSource | null {
  if (token !== undefined && tokenFile !== undefined)
    throw new UsageError('--token and --token-file exclude each other', 'Use --token-file.');
  if (tokenFile === STANDARD_INPUT) return { from: 'input' };
  if (tokenFile !== undefined) return { from: 'file', path: tokenFile };
  if (token !== undefined) return { from: 'argument', token };
  const inherited = env[TOKEN_VARIABLE];
  return inherited ? { from: 'environment', token: inherited } : null;
}

/** The token itself. @throws BothendsError `failed-precondition` when it is not where it should be */
export async function readToken(source: TokenSource, io: Io): Promise<string> {
  switch (source.from) {
    case 'argument':
      io.stderr.write('Every user of this host can read what --token says: better is --token-file.\n');
      return source.token;
    case 'environment':
      return source.token;
    case 'file':
      return checked(readTokenFile(source.path), source.path);
    case 'input':
      if (io.stdinIsTTY) io.stderr.write('Join token: ');
      return checked(await io.readLine(), 'standard input');
  }
}

/** First line of a file. @throws BothendsError `failed-precondition` */
export function readTokenFile(path: string): string {
  try {
    return readFileSync(path, 'utf8').split('\n', 1)[0] ?? '';
  } catch (cause) {
    const { why } = readFailure(cause);
    throw new BothendsError(
      'failed-precondition',
      `the join token cannot be read from ${path}: ${why}; name the file with --token-file`,
      { cause },
    );
  }
}

function checked(line: string, place: string): string {
  const token = line.trim();
  if (token !== '' && token.length <= MAX_TOKEN_CHARACTERS) return token;
  throw new BothendsError(
    'failed-precondition',
    `there is no join token in ${place}: "bothends join-token" prints the line to run`,
  );
}
