import { existsSync } from 'node:fs';
import { UsageError } from '../errors.js';
import type { Io } from '../io.js';
import { readTokenFile, type TokenFlags, type TokenSource, tokenSource } from './join-token.js';

export interface JoinFlags extends TokenFlags {
  join?: string;
  caHash?: string;
  joinOnly?: boolean;
}

/** What the line that joins a host says. */
export interface JoinLine {
  /** `HOST:PORT` of the coordinator. */
  readonly address: string;
  readonly caHash: string;
  readonly token: TokenSource;
}

/** The join line in the options of a command, null where they have nothing of it. @throws UsageError for a part of one */
export function joinLine(flags: JoinFlags, io: Io): JoinLine | null {
  const { join, caHash, joinOnly } = flags;
  const token = tokenSource(flags, io);
  if (join !== undefined && caHash !== undefined && token !== null) return { address: join, caHash, token };
  const saysToken = flags.token !== undefined || flags.tokenFile !== undefined;
  if (join === undefined && caHash === undefined && !saysToken && !joinOnly) return null;
  throw new UsageError(
    'joining takes --join, --ca-hash and --token-file together',
    'Copy the whole line that the coordinator or `bothends join-token` printed.',
  );
}

/**
 * The line for a process that may read less than this one: the token goes to its standard input, never into its
 * arguments. `input` null: it reads what this process would.
 */
export function handedOn({ address, caHash, token }: JoinLine): { args: string[]; input: string | null } {
  const line = ['--join', address, '--ca-hash', caHash];
  const fromInput = [...line, '--token-file', '-'];
  switch (token.from) {
    case 'environment':
      return { args: line, input: null };
    case 'input':
      return { args: fromInput, input: null };
    case 'argument':
      return { args: fromInput, input: token.token };
    case 'file':
      // One that is gone is no matter where the agent has joined already; where not, that process says so.
      if (!existsSync(token.path)) return { args: [...line, '--token-file', token.path], input: null };
      return { args: fromInput, input: readTokenFile(token.path) };
  }
}
